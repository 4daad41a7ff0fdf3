"""The SQL store's own limits."""

from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from conversions.facts.counts import MAX_COUNT, Count
from conversions.store.port import Span, Store, StoreUnavailable
from conversions.store.sql import away

pytestmark = pytest.mark.django_db


def test_a_counter_at_its_limit_stays_at_the_limit(sql_store: Store) -> None:
    for _ in range(50):
        sql_store.add_counts([Count("s", 0, "g", "", "value", MAX_COUNT)])
    sql_store.add_counts([Count("s", 0, "g", "", "value", -1)])
    assert [one.amount for one in sql_store.read_counts("s", 0)] == [40 * MAX_COUNT - 1]


def test_a_locked_database_means_that_the_store_is_away_and_bad_data_does_not() -> None:
    with pytest.raises(StoreUnavailable), away():
        raise OperationalError("database is locked")
    with pytest.raises(DataError), away():
        raise DataError("integer out of range")


@pytest.mark.sqlite  # reads the plan of SQLite
def test_timelines_of_many_visitors_are_read_by_index(sql_store: Store) -> None:
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        sql_store.read_touches("s", 2_000, [Span(f"v{n}", n, n + 1_000) for n in range(300)])
    assert len(asked) == 2
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            plan = " ".join(row[3] for row in cursor.fetchall())
            assert "INDEX fact_timeline (site=? AND visitor=? AND kind=? AND at>? AND at<?)" in plan
