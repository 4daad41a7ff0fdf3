"""Services: what the tracker stands on, with the variable that names each; made ready by a start, asked by /readyz."""

from collections.abc import Callable
from typing import Protocol

import msgspec
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from tracker.archive import open_archive
from tracker.collection.hit import Unavailable
from tracker.queues import open_queue


class Preparable(Protocol):
    """What every port offers."""

    def prepare(self) -> None:
        """Make what is missing. Safe to repeat."""

    def check(self) -> None:
        """Answer quickly if it works; Unavailable if not."""


class Service(msgspec.Struct, frozen=True):
    """One of the four, and the environment variable that says where it is."""

    name: str
    variable: str
    open: Callable[[], Preparable]


#: What each kind of database writes to its disk without a table: a full disk and a read-only copy refuse it.
WRITES = {"sqlite": "PRAGMA user_version = 0", "postgresql": "SELECT txid_current()"}


class Database:
    """The configuration database. Its tables are made by `manage.py migrate`."""

    def prepare(self) -> None:
        """Waits for nothing but an answer."""
        self.check()

    def check(self) -> None:
        """Tries a write. Raises Unavailable."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(WRITES[connection.vendor])
        except Error as error:
            raise Unavailable(f"the configuration database: {error}") from error


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
