"""The SQL store's own limits."""

import pytest
from django.db import DataError, OperationalError

from conversions.store.port import MAX_COUNT, Count, Store, StoreUnavailable
from conversions.store.sql import away

pytestmark = pytest.mark.django_db


def test_a_counter_at_its_end_stays_a_whole_number_there(sql_store: Store) -> None:
    for _ in range(50):
        sql_store.add_counts([Count("s", 0, "g", "", "value", MAX_COUNT)])
    sql_store.add_counts([Count("s", 0, "g", "", "value", -1)])
    assert [one.amount for one in sql_store.read_counts("s", 0)] == [40 * MAX_COUNT - 1]


def test_a_database_that_is_locked_is_the_store_being_away_and_bad_data_is_not() -> None:
    with pytest.raises(StoreUnavailable), away():
        raise OperationalError("database is locked")
    with pytest.raises(DataError), away():
        raise DataError("integer out of range")
