"""Services: what the tracker stands on, with the variable that names each; made ready by a start, asked by /readyz."""

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
    """What every port offers."""

    def prepare(self) -> None:
        """Make what is missing. Safe to repeat."""

    def check(self) -> None:
        """Answer quickly if it works; Transient if not."""


class Service(msgspec.Struct, frozen=True):
    """One of the four, and the environment variable that says where it is."""

    name: str
    variable: str
    open: Callable[[], Preparable]


class Database:
    """The configuration database. Its tables are made by `manage.py migrate`."""

    def prepare(self) -> None:
        """Waits for nothing but an answer."""
        self.check()

    def check(self) -> None:
        """Raises Transient."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            raise Transient(f"the configuration database: {error}") from error


def open_store() -> Preparable:
    """The store of facts, which is another room's."""
    store: Preparable = import_string(settings.OPEN_STORE)()
    return store


SERVICES = (
    Service("database", "DATABASE_URL", Database),
    Service("queue", "BROKER_URL", open_queue),
    Service("archive", "ARCHIVE_URL", open_archive),
    Service("store", "CASSANDRA_URL", open_store),
)
