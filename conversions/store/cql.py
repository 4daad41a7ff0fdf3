"""CQL: all statements of the Cassandra store with their costs, and the session that runs them."""

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

logger = logging.getLogger(__name__)

#: A call runs at most this many statements at a time.
CONCURRENCY = 64
#: The limits of an unlogged batch: rows, partitions and bytes. Cassandra warns about larger batches. Without batches,
#: the driver would take several times the CPU.
BATCH_ROWS, BATCH_PARTITIONS, BATCH_BYTES = 20, 10, 5_000

#: The statements by name. `{ks}` is the keyspace.
STATEMENTS = {
    # Each of these writes one row of one partition. They are idempotent.
    "add_timeline": "INSERT INTO {ks}.timeline (site, visitor, kind, at, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_ledger": "INSERT INTO {ks}.ledger_parts (site, bucket, part, kind, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_claims": "INSERT INTO {ks}.claims (site, claim, kind, goal, version, at, hit, digest, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "add_carried": "INSERT INTO {ks}.carried (site, click, kind, at, hit, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "add_linked": "INSERT INTO {ks}.linked (site, key, other) VALUES (?, ?, ?)",
    "add_rejected": "INSERT INTO {ks}.rejected (site, hour, at, hit, code, field, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "write_cell": "INSERT INTO {ks}.cells (site, model, page, start, key, body) VALUES (?, ?, ?, ?, ?, ?)"
    " USING TIMESTAMP ?",
    # Each of these reads one slice of each of up to BATCH_PARTITIONS partitions.
    "read_conversions": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ? AND kind = 'conversion'"
    " AND at >= ? AND at <= ?",
    "read_some_conversions": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ? AND kind = 'conversion'"
    " AND at >= ? AND at <= ? LIMIT ?",
    "read_some_claims": "SELECT body FROM {ks}.claims WHERE site = ? AND claim IN ? AND kind = 'conversion' LIMIT ?",
    "read_touches": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor IN ?"
    " AND kind IN ('touch click', 'touch view') AND at >= ? AND at <= ? PER PARTITION LIMIT ?",
    "read_cells": "SELECT model, page, start, key, body FROM {ks}.cells WHERE site = ? AND model = ? AND page IN ?",
    "read_linked": "SELECT key, other FROM {ks}.linked WHERE site = ? AND key IN ?",
    "read_claims": "SELECT body FROM {ks}.claims WHERE site = ? AND claim IN ?",
    # Each of these reads one slice of one partition.
    "read_timeline_page": "SELECT body FROM {ks}.timeline"
    " WHERE site = ? AND visitor = ? AND kind = ? AND (at, hit, digest) > (?, ?, ?) LIMIT ?",
    "read_newest": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor = ? AND kind = ? AND at >= ? AND at <= ?"
    " ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT ?",
    "read_by_click_id": "SELECT body FROM {ks}.carried WHERE site = ? AND click = ? AND kind = ? AND at >= ?"
    " AND at <= ? LIMIT ?",
    "read_last_by_click_id": "SELECT body FROM {ks}.carried WHERE site = ? AND click = ? AND kind = ? AND at >= ?"
    " AND at <= ? ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT ?",
    "read_last_link": "SELECT body FROM {ks}.timeline WHERE site = ? AND visitor = ? AND kind = 'link' AND at < ?"
    " ORDER BY kind DESC, at DESC, hit DESC, digest DESC LIMIT 1",
    "read_ledger": "SELECT body FROM {ks}.ledger_parts WHERE site = ? AND bucket = ? AND part = ?",
    "read_counts": "SELECT goal, ad, metric, amount FROM {ks}.counters WHERE site = ? AND bucket = ?",
    "read_rejected": "SELECT body FROM {ks}.rejected WHERE site = ? AND hour = ? AND at >= ? AND at < ? LIMIT ?",
    "find_rejected": "SELECT at, hit, code, field FROM {ks}.rejected WHERE site = ? AND hour = ? AND (at, hit) IN ?",
    "read_rejected_counts": "SELECT code, amount FROM {ks}.rejected_counts WHERE site = ? AND day = ?",
    # Each of these reads and writes one counter. They are not idempotent and never retried.
    "add_count": "UPDATE {ks}.counters SET amount = amount + ?"
    " WHERE site = ? AND bucket = ? AND goal = ? AND ad = ? AND metric = ?",
    "count_rejected": "UPDATE {ks}.rejected_counts SET amount = amount + ? WHERE site = ? AND day = ? AND code = ?",
    # This writes a row that nobody reads, always the same one, to check that the store accepts writes.
    "check": "INSERT INTO {ks}.linked (site, key, other) VALUES ('', 'check', '')",
}
#: Statement -> which of its values form the partition key.
PARTITION_KEY = {
    "add_timeline": slice(2),
    "add_ledger": slice(3),
    "add_claims": slice(2),
    "add_carried": slice(2),
    "add_linked": slice(2),
    "add_rejected": slice(2),
    "write_cell": slice(3),
    "add_count": slice(1, 3),
    "count_rejected": slice(1, 3),
}
COUNTS = frozenset({"add_count", "count_rejected"})
#: The driver's errors if Cassandra can't be reached. Statements that aren't retried raise the last three if a
#: connection is lost or a server is overloaded.
AWAY = (NoHostAvailable, DriverException, ConnectionException, ConnectionBusy, ErrorMessage)
#: Words in the errors of present and older versions of Cassandra if a table or a keyspace is missing.
MISSING = ("does not exist", "unconfigured table")
#: Words in Python's errors if the driver gets no thread or the process is ending.
NO_THREAD = ("can't start new thread", "cannot schedule new futures")
NOT_PREPARED = "Cassandra's tables or rights are missing, run manage.py prepare"
ALIAS = "cassandra"

Row = dict[str, Any]
#: A call of a statement: its name and its values.
Write = tuple[str, tuple[Any, ...]]


@contextmanager
def away() -> Iterator[None]:
    """Raise StoreUnavailable if Cassandra can't be reached, doesn't answer in time or has no tables, or if the driver
    gets no threads.

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
        if not says(error, NO_THREAD):
            raise
        raise StoreUnavailable(f"Cassandra's driver: {error}") from error


def is_unprepared(error: RequestValidationException) -> bool:
    """Whether a statement failed because a table or a permission is missing. An operator can fix this."""
    return isinstance(error, Unauthorized) or says(error, MISSING)


def says(error: Exception, words: Iterable[str]) -> bool:
    """Whether the message of an error contains one of the words."""
    return any(one in str(error) for one in words)


class Cql:
    """Runs statements on the Cassandra session of Django's database engine.

    The session opens when it is first used. If a process forks, it must not be used before the fork.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._session: Session | None = None
        self._prepared: dict[str, PreparedStatement] = {}

    def run(self, name: str, *args: Any) -> list[Row]:
        """Run a statement and return its rows."""
        with self._running():
            return list(self.session().execute(self.statement(name), args or None))

    def run_all(self, calls: Iterable[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        """Run several statements in parallel and return the rows of each. The first error ends the call."""
        work = [(self.statement(name), args) for name, args in calls]
        return self._execute(work)

    def write_all(self, writes: Iterable[Write]) -> None:
        """Write rows, or add to counters. Several are sent in one request."""
        self._execute([(self._unit(rows), None) for rows in units(writes)])

    def session(self) -> Session:
        """Return the session. The first call opens it; if threads call at once, only one opens it."""
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
        """Run statements; see `away`. After an error, all statements are prepared again before they are used, because
        the tables may have been made anew.

        The driver resolves host names only once. If they have other addresses after an error, the next call opens a new
        session.
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

    It has none after `close`. It also has none if it was set up while no host name could be resolved or no thread was
    left.
    """
    try:
        return engine.connection.session is not None
    except CQLEngineException:
        return False


def addresses_of(names: Iterable[str]) -> set[str]:
    """Return the present addresses of hosts. A name that can't be resolved has none."""
    found: set[str] = set()
    for name in names:
        with suppress(OSError):
            found |= {str(one[4][0]) for one in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    return found


def units(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """Group writes into batches. Writes to one partition are next to each other."""
    group: list[Write] = []
    partitions: set[Write] = set()
    size = 0
    for write in sorted(writes, key=partition_of):
        weight = sum(len(value) for value in write[1] if isinstance(value, bytes | str))
        more = len(partitions | {partition_of(write)})
        if group and (len(group) >= BATCH_ROWS or more > BATCH_PARTITIONS or size + weight > BATCH_BYTES):
            yield group
            group, partitions, size = [], set(), 0
        group.append(write)
        partitions.add(partition_of(write))
        size += weight
    if group:
        yield group


def partition_of(write: Write) -> Write:
    """Return a key for the partition to which a write goes."""
    name, values = write
    return name, values[PARTITION_KEY[name]]
