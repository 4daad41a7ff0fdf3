"""Services: the four services that the tracker uses (database, queue, archive, store), each with the environment
variable of its address.

`manage.py prepare` prepares them, and /readyz checks them.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from tracker.archive import open_archive
from tracker.collection.failure import Transient
from tracker.queues import open_queue


class Preparable(Protocol):
    """The interface of a service for `manage.py prepare` and /readyz."""

    def prepare(self) -> None:
        """Make what must exist before the first hit comes, such as queues or tables. To call this again does no
        harm."""

    def check(self) -> None:
        """Check quickly that the service works. Raises Transient if it doesn't."""


class Service(msgspec.Struct, frozen=True):
    """One of the four services. `variable`: the environment variable of its address. `open`: a function that returns
    the service."""

    name: str
    variable: str
    open: Callable[[], Preparable]


class Database:
    """The configuration database, which is Django's default database, as a service."""

    def prepare(self) -> None:
        """Check that the database answers. Its tables are made by `manage.py migrate`. Raises Transient."""
        self.check()

    def check(self) -> None:
        """Check that the database answers. Raises Transient if it doesn't."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            raise Transient(f"the configuration database: {error}") from error


def open_store() -> Preparable:
    """Return the store of facts. The store belongs to the app `conversions`. The setting OPEN_STORE names the function
    of this app that returns the store."""
    store: Preparable = import_string(settings.OPEN_STORE)()
    return store


SERVICES = (
    Service("database", "DATABASE_URL", Database),
    Service("queue", "BROKER_URL", open_queue),
    Service("archive", "ARCHIVE_URL", open_archive),
    Service("store", "CASSANDRA_URL", open_store),
)
