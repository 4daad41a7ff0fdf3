"""Which errors of Cassandra are waited out, and which are the statement's own."""

import pytest
from cassandra import InvalidRequest, OperationTimedOut, Unavailable, WriteTimeout
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ConnectionShutdown
from cassandra.protocol import OverloadedErrorMessage, ServerError

from conversions.store.cql import away
from conversions.store.port import StoreUnavailable


@pytest.mark.parametrize(
    "error",
    [
        NoHostAvailable("none", {}),
        OperationTimedOut(),
        Unavailable("too few"),
        WriteTimeout("too slow", write_type=0),
        # What a counter's increment raises, which is never retried, when the node dies under it.
        ConnectionShutdown("closed"),
        ConnectionException("lost"),
        ConnectionBusy("full"),
        OverloadedErrorMessage(0x1001, "overloaded", None),
        ServerError(0, "oops", None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_cluster_that_is_away_or_overloaded_is_the_store_being_away(error: Exception) -> None:
    with pytest.raises(StoreUnavailable), away():
        raise error


def test_a_statement_that_is_refused_for_what_it_says_is_not_waited_out() -> None:
    with pytest.raises(InvalidRequest), away():
        raise InvalidRequest("Key may not be empty")
