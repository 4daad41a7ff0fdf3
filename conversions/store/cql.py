"""CQL: runs statements on the session of the Cassandra store, and translates the driver's errors."""

import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from cassandra import (
    ConsistencyLevel,
    DriverException,
    RequestValidationException,
    Unauthorized,
    UnresolvableContactPoints,
)
from cassandra.cluster import NoHostAvailable, Session
from cassandra.concurrent import execute_concurrent
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.cqlengine import CQLEngineException
from cassandra.cqlengine.connection import unregister_connection
from cassandra.cqlengine.management import create_keyspace_simple, sync_table
from cassandra.cqlengine.models import Model
from cassandra.policies import ConstantReconnectionPolicy, FallthroughRetryPolicy
from cassandra.protocol import ErrorMessage
from cassandra.query import BatchStatement, BatchType, PreparedStatement
from django.db import connections

from conversions.store.port import StoreUnavailable
from conversions.store.statements import COUNTS, STATEMENTS, Write, divide_into_batches

logger = logging.getLogger(__name__)

#: A call runs at most this many statements at a time.
CONCURRENCY = 64
#: The driver's errors if Cassandra can't be reached. Statements that aren't retried raise the last three if a
#: connection is lost or a server is overloaded.
AWAY = (NoHostAvailable, DriverException, ConnectionException, ConnectionBusy, ErrorMessage)
#: Words in the errors of Cassandra, in the present and in older versions, if a table or a keyspace is missing.
MISSING = ("does not exist", "unconfigured table")
#: Words in Python's errors if the driver gets no thread or the process is ending.
NO_THREAD = ("can't start new thread", "cannot schedule new futures")
NOT_PREPARED = "Cassandra's tables or rights are missing, run manage.py prepare"
ALIAS = "cassandra"

Row = dict[str, Any]


@contextmanager
def away() -> Iterator[None]:
    """Raise StoreUnavailable in place of the driver's error if Cassandra can't be reached, doesn't answer in time or
    has no tables, or if the driver gets no thread.

    Other errors, such as those of an invalid statement, are raised unchanged.
    """
    try:
        yield
    except RequestValidationException as error:
        if not is_unprepared(error):
            raise
        raise StoreUnavailable(f"{NOT_PREPARED}: {error}") from error
    except UnresolvableContactPoints as error:
        raise StoreUnavailable("Cassandra: no host of CASSANDRA_URL can be resolved") from error
    except AWAY as error:
        raise StoreUnavailable(f"Cassandra: {error}") from error
    except RuntimeError as error:
        if not mentions(error, NO_THREAD):
            raise
        raise StoreUnavailable(f"Cassandra's driver: {error}") from error


def is_unprepared(error: RequestValidationException) -> bool:
    """Whether a statement failed because a table or a permission is missing. An operator can fix this."""
    return isinstance(error, Unauthorized) or mentions(error, MISSING)


def mentions(error: Exception, words: Iterable[str]) -> bool:
    """Whether the message of an error contains one of these words."""
    return any(one in str(error) for one in words)


class Cql:
    """Runs statements on the Cassandra session of Django's database engine.

    The session opens when it is first used. A process that forks must not use the session before the fork.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._session: Session | None = None
        self._prepared: dict[str, PreparedStatement] = {}

    def run(self, name: str, *args: Any) -> list[Row]:
        """Run the statement with this name and these values. Returns its rows."""
        with self._running():
            return list(self.session().execute(self.statement(name), args or None))

    def run_all(self, calls: Iterable[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        """Run several statements in parallel. `calls`: pairs (name of the statement, its values). Returns the rows of
        each call. If a statement fails, its error is raised, and the others may not have run."""
        work = [(self.statement(name), args) for name, args in calls]
        return self._execute(work)

    def write_all(self, writes: Iterable[Write]) -> None:
        """Write rows, or add to counters. Several writes are sent in one request. `writes`: pairs (name of the
        statement, its values)."""
        self._execute([(self._unit(rows), None) for rows in divide_into_batches(writes)])

    def session(self) -> Session:
        """Return the session. The first call opens the session. If several threads call at the same time, one opens it
        and the others wait."""
        if self._session is None:
            with self._lock, away():
                self._session = self._session or self._connect()
        return self._session

    def statement(self, name: str) -> PreparedStatement:
        """Return the prepared statement with this name. Raises StoreUnavailable if tables are missing; `manage.py
        prepare` makes them."""
        found = self._prepared.get(name)
        if found is None:
            found = self._prepared[name] = self._prepare(name)
        return found

    def make_tables(self, tables: Iterable[type[Model]]) -> None:
        """Make the keyspace and the tables that are missing."""
        database = connections[ALIAS].settings_dict
        keyspace, copies = database["NAME"], database["OPTIONS"]["replication"]["replication_factor"]
        self.session()
        with away():
            create_keyspace_simple(keyspace, copies, connections=[ALIAS])
            for table in tables:
                sync_table(table, keyspaces=[keyspace], connections=[ALIAS])

    def drop_tables(self, names: Iterable[str]) -> None:
        """Drop these tables if they exist."""
        keyspace = connections[ALIAS].settings_dict["NAME"]
        with away():
            for name in names:
                self.session().execute(f"DROP TABLE IF EXISTS {keyspace}.{name}")

    def close(self) -> None:
        """Close the session. The next call opens a new one."""
        if self._session is not None:
            unregister_connection(ALIAS)
        self._session, self._prepared = None, {}

    def _connect(self) -> Session:
        engine = connections[ALIAS]
        if not has_session(engine):
            engine.reconnect()  # type: ignore[attr-defined]
        session = engine.connection.session
        # The driver tries to reach a lost node each second. By default it would wait longer after each attempt.
        session.cluster.reconnection_policy = ConstantReconnectionPolicy(1.0, max_attempts=None)
        return session

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Run the statements of a block. Raises the same errors as `away`. After an error, each statement is prepared
        again before its next use, because the tables may have been dropped and made again.

        The driver resolves host names only once. If the names have other addresses after an error, the next call opens
        a new session.
        """
        try:
            with away():
                yield
        except StoreUnavailable:
            self._prepared = {}
            self._leave_if_moved()
            raise

    def _leave_if_moved(self) -> None:
        session = self._session
        if session is None:
            return
        known = {host.address for host in session.cluster.metadata.all_hosts()}
        found = addresses_of(connections[ALIAS].settings_dict["HOST"].split(","))
        with self._lock:
            if self._session is session and found and found.isdisjoint(known):
                logger.warning("Cassandra has other addresses now, a new session is opened")
                self.close()

    def _prepare(self, name: str) -> PreparedStatement:
        text = STATEMENTS[name].format(ks=connections[ALIAS].settings_dict["NAME"])
        try:
            with away():
                statement = self.session().prepare(text)
        except RequestValidationException as error:
            raise StoreUnavailable(f"{NOT_PREPARED}: {error}") from error
        statement.consistency_level = ConsistencyLevel.QUORUM
        statement.is_idempotent = name not in COUNTS
        if name in COUNTS:
            statement.retry_policy = FallthroughRetryPolicy()
        return statement

    def _unit(self, rows: Sequence[Write]) -> Any:
        if len(rows) == 1:
            return self.statement(rows[0][0]).bind(rows[0][1])
        counts = rows[0][0] in COUNTS
        batch = BatchStatement(
            BatchType.COUNTER if counts else BatchType.UNLOGGED,
            retry_policy=FallthroughRetryPolicy() if counts else None,
            consistency_level=ConsistencyLevel.QUORUM,
        )
        for name, values in rows:
            batch.add(self.statement(name), values)
        batch.is_idempotent = not counts
        return batch

    def _execute(self, work: list[tuple[Any, Any]]) -> list[list[Row]]:
        if not work:
            return []
        with self._running():
            results = execute_concurrent(self.session(), work, concurrency=CONCURRENCY, raise_on_first_error=True)
            return [list(result) if result else [] for _, result in results]


def has_session(engine: Any) -> bool:
    """Whether the engine has a session.

    The engine has no session after `close`. It also has none if no host name could be resolved or no thread was left
    when it was set up.
    """
    try:
        return engine.connection.session is not None
    except CQLEngineException:
        return False


def addresses_of(names: Iterable[str]) -> set[str]:
    """Return the present IP addresses of these host names. Names that can't be resolved are left out."""
    found: set[str] = set()
    for name in names:
        with suppress(OSError):
            found |= {str(one[4][0]) for one in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    return found
