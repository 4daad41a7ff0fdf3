"""Services: the database, queue, archive and store, each with the environment variable that has its address. `manage.py
prepare` prepares them, and /readyz checks them."""

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
    """The methods that every port has."""

    def prepare(self) -> None:
        """Make what the service needs before the first hit. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the service works. Raises Transient if not."""


class Service(msgspec.Struct, frozen=True):
    """One of the four services, and the environment variable with its address."""

    name: str
    variable: str
    open: Callable[[], Preparable]


class Database:
    """The configuration database. `manage.py migrate` makes its tables."""

    def prepare(self) -> None:
        """Only check that the database answers. Raises Transient."""
        self.check()

    def check(self) -> None:
        """Return if the database answers. Raises Transient if not."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            raise Transient(f"the configuration database: {error}") from error


def open_store() -> Preparable:
    """Open the store of facts. Another room owns it, and therefore a setting names its function."""
    store: Preparable = import_string(settings.OPEN_STORE)()
    return store


SERVICES = (
    Service("database", "DATABASE_URL", Database),
    Service("queue", "BROKER_URL", open_queue),
    Service("archive", "ARCHIVE_URL", open_archive),
    Service("store", "CASSANDRA_URL", open_store),
)
