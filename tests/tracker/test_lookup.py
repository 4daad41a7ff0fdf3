"""Look-ups: collection's cached reads of the configuration database, whether it answers or not."""

import time
from threading import Event

import pytest
from django.db import OperationalError

from tracker.lookup import MAX_CACHED, MISS_SECONDS, REST_SECONDS, Bounded, Cached, Known, look_up_each


class Clock:
    """A clock that the test moves, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Table:
    """A table of a database that can be away."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {"here": "row"}
        self.is_up = True
        self.asked = 0

    def look_up(self, key: str) -> str | None:
        self.asked += 1
        if not self.is_up:
            raise OperationalError("database is locked")
        return self.rows.get(key)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def cache(table: Table, clock: Clock) -> Cached[str]:
    return Cached(look_up_each(table.look_up), 10, clock)


def state(found: Known[str]) -> tuple[str | None, bool]:
    return found.value, found.checked


def test_a_row_is_read_once_while_it_is_fresh(cache: Cached[str], table: Table, clock: Clock) -> None:
    assert [state(cache.find("here")) for _ in range(3)] == [("row", True)] * 3
    assert table.asked == 1
    clock.now += 10
    table.rows["here"] = "changed"
    assert state(cache.find("here")) == ("changed", True)


def test_a_missing_row_is_read_again_soon(cache: Cached[str], table: Table, clock: Clock) -> None:
    assert [state(cache.find("new")) for _ in range(3)] == [(None, True)] * 3
    assert table.asked == 1
    table.rows["new"] = "row"
    clock.now += MISS_SECONDS
    assert state(cache.find("new")) == ("row", True)


def test_without_a_cache_every_look_up_reads(table: Table, clock: Clock) -> None:
    cache = Cached(look_up_each(table.look_up), 0, clock)
    assert [state(cache.find("here")) for _ in range(3)] == [("row", True)] * 3
    assert table.asked == 3


def test_while_the_database_is_away_a_key_is_unchecked_and_reads_pause(
    cache: Cached[str], table: Table, clock: Clock
) -> None:
    table.is_up = False
    assert [state(cache.find(key)) for key in ("here", "there", "here")] == [(None, False)] * 3
    assert table.asked == 1
    clock.now += REST_SECONDS
    cache.find("here")
    assert table.asked == 2


def test_known_rows_stay_known_while_the_database_is_away(cache: Cached[str], table: Table, clock: Clock) -> None:
    cache.find("here")
    table.is_up = False
    assert state(cache.find("here")) == ("row", True)
    clock.now += 10
    assert [state(cache.find("here")) for _ in range(2)] == [("row", False)] * 2


def test_it_recovers_by_itself(cache: Cached[str], table: Table, clock: Clock) -> None:
    table.is_up = False
    cache.find("here")
    table.is_up = True
    clock.now += REST_SECONDS
    assert state(cache.find("here")) == ("row", True)


def test_a_flood_of_unknown_keys_is_bounded_and_evicts_no_known_key(cache: Cached[str], table: Table) -> None:
    cache.find("here")
    for n in range(MAX_CACHED + 100):
        cache.find(f"unknown {n}")
    asked = table.asked
    assert state(cache.find("here")) == ("row", True)
    assert table.asked == asked
    assert len(cache._missing) == MAX_CACHED


@pytest.mark.django_db(transaction=True)
class TestBounded:
    """A look-up that hangs delays no hit."""

    def test_a_look_up_returns_the_row_or_raises_its_error(self, table: Table) -> None:
        bounded = Bounded(table.look_up)
        assert (bounded("here"), bounded("new")) == ("row", None)
        table.is_up = False
        with pytest.raises(OperationalError, match="locked"):
            bounded("here")

    def test_a_hanging_look_up_and_those_behind_it_are_given_up(self) -> None:
        hang, looked_up = Event(), []

        def look_up(key: str) -> str:
            looked_up.append(key)
            hang.wait(10)
            return key

        bounded = Bounded(look_up, wait_seconds=0.1)
        started = time.monotonic()
        for key in ("first", "second"):
            with pytest.raises(TimeoutError):
                bounded(key)
        assert time.monotonic() - started < 2
        hang.set()
        assert bounded("third") == "third"
        assert looked_up == ["first", "third"]

    def test_if_too_many_look_ups_wait_others_fail_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tracker.lookup.MAX_WAITING", 1)
        hang = Event()
        bounded = Bounded(lambda key: str(hang.wait(10)), wait_seconds=0.05)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                bounded("key")
        hang.set()
