"""Services: the database, queue, archive and store, each with the environment variable of its address.

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
    """The interface that every service has: `prepare` and `check`."""

    def prepare(self) -> None:
        """Make what the service needs before the first hit, such as queues or tables. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the service works. Raises Transient if it doesn't."""


class Service(msgspec.Struct, frozen=True):
    """One of the four services, with the environment variable of its address. `open` connects to it."""

    name: str
    variable: str
    open: Callable[[], Preparable]


class Database:
    """The configuration database (Django's default database)."""

    def prepare(self) -> None:
        """Check that the database answers; `migrate` makes its tables. Raises Transient."""
        self.check()

    def check(self) -> None:
        """Return if the database answers. Raises Transient if it doesn't."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            raise Transient(f"the configuration database: {error}") from error


def open_store() -> Preparable:
    """Open the store of facts. The app `conversions` owns it, and the setting OPEN_STORE names its function."""
    store: Preparable = import_string(settings.OPEN_STORE)()
    return store


SERVICES = (
    Service("database", "DATABASE_URL", Database),
    Service("queue", "BROKER_URL", open_queue),
    Service("archive", "ARCHIVE_URL", open_archive),
    Service("store", "CASSANDRA_URL", open_store),
)
