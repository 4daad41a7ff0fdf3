"""Errors of Cassandra: which are waited out, and which are the statement's fault."""

from typing import Any

import pytest
from cassandra import (
    DriverException,
    InvalidRequest,
    OperationTimedOut,
    Unauthorized,
    Unavailable,
    UnresolvableContactPoints,
    WriteTimeout,
)
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ConnectionShutdown
from cassandra.protocol import OverloadedErrorMessage, ServerError
from django.db import connections

from conversions.store.cql import Cql, away
from conversions.store.port import Store, StoreUnavailable


@pytest.mark.parametrize(
    "error",
    [
        NoHostAvailable("none", {}),
        OperationTimedOut(),
        Unavailable("too few"),
        WriteTimeout("too slow", write_type=0),
        # The error that the increment of a counter raises if the node dies. An increment is never retried.
        ConnectionShutdown("closed"),
        ConnectionException("lost"),
        ConnectionBusy("full"),
        OverloadedErrorMessage(0x1001, "overloaded", None),
        ServerError(0, "oops", None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_absent_or_overloaded_cluster_means_that_the_store_is_away(error: Exception) -> None:
    with pytest.raises(StoreUnavailable), away():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest('code=2200 [Invalid query] message="table ledger does not exist"'),
        InvalidRequest('code=2200 [Invalid query] message="keyspace hitledger does not exist"'),
        InvalidRequest('code=2200 [Invalid query] message="unconfigured table ledger"'),
        Unauthorized("User hitledger has no MODIFY permission on <table hitledger.ledger> or any of its parents"),
    ],
    ids=str,
)
def test_tables_or_rights_lost_while_workers_run_mean_that_the_store_is_away(error: Exception) -> None:
    with pytest.raises(StoreUnavailable, match=r"manage\.py prepare"), away():
        raise error


def test_an_unresolvable_host_has_a_clear_message() -> None:
    with pytest.raises(StoreUnavailable, match="no host of CASSANDRA_URL can be resolved"), away():
        raise UnresolvableContactPoints({})


def test_a_lack_of_threads_means_that_the_store_is_away_and_other_runtime_errors_do_not() -> None:
    with pytest.raises(StoreUnavailable), away():
        raise RuntimeError("can't start new thread")
    with pytest.raises(RuntimeError, match="changed size"), away():
        raise RuntimeError("dictionary changed size during iteration")


def test_a_bad_statement_is_not_waited_out() -> None:
    with pytest.raises(InvalidRequest), away():
        raise InvalidRequest("Key may not be empty")


class Session:
    """A session whose cluster knows only the statements that were prepared last."""

    def __init__(self) -> None:
        self.last = 0

    def execute(self, statement: int, _values: Any) -> list[int]:
        if statement != self.last:
            raise DriverException("ID mismatch while trying to reprepare")
        return [statement]


class Prepared(Cql):
    """A Cql whose prepared statements are numbers."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def _prepare(self, _name: str) -> Any:
        return self._session.last  # type: ignore[union-attr]

    def _leave_if_moved(self) -> None:
        """Do nothing, because this session has no address."""


def test_statements_are_prepared_again_after_a_failure() -> None:
    session = Session()
    cql = Prepared(session)
    assert cql.run("check") == [0]
    session.last += 1
    with pytest.raises(StoreUnavailable):
        cql.run("check")
    assert cql.run("check") == [1]


@pytest.mark.services
def test_a_table_dropped_while_a_worker_runs_is_waited_for(cassandra_store: Store) -> None:
    cql: Cql = cassandra_store.cql  # type: ignore[attr-defined]
    cassandra_store.announce("dropped", ["ann"])
    assert cassandra_store.read_linked("dropped", ["ann"])
    cql.session().execute(f"DROP TABLE {connections['cassandra'].settings_dict['NAME']}.linked", timeout=60)
    try:
        with pytest.raises(StoreUnavailable):
            cassandra_store.announce("dropped", ["ann"])
        with pytest.raises(StoreUnavailable):
            cassandra_store.read_linked("dropped", ["ann"])
    finally:
        cassandra_store.prepare()
    assert not cassandra_store.read_linked("dropped", ["ann"])
    cassandra_store.announce("dropped", ["ann"])
    assert cassandra_store.read_linked("dropped", ["ann"])
