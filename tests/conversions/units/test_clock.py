"""Which bucket and which day an instant belongs to, in any timezone and when its clock changes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.units.clock import (
    HOUR_MS,
    bucket_of,
    day_of,
    day_start,
    days_between,
    next_day,
    read_instant,
    utc_offset,
)

MINUTE = 60_000
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",  # +05:30
    "Asia/Kathmandu",  # +05:45
    "Australia/Lord_Howe",  # +10:30, in summer +11:00
    "America/St_Johns",  # -03:30
    "America/Havana",  # changes at midnight
]


def at(text: str) -> int:
    """Return an instant (ms) from a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("timezone", "instant", "bucket"),
    [
        ("UTC", "2026-11-24T10:59:59", "2026-11-24T10:00"),
        ("Asia/Kolkata", "2026-11-24T10:29:59", "2026-11-24T09:30"),
        ("Asia/Kolkata", "2026-11-24T10:30:00", "2026-11-24T10:30"),
        ("Asia/Kathmandu", "2026-11-24T10:14:59", "2026-11-24T09:15"),
        ("Asia/Kathmandu", "2026-11-24T10:15:00", "2026-11-24T10:15"),
        ("America/St_Johns", "2026-11-24T10:29:00", "2026-11-24T09:30"),
    ],
)
def test_a_bucket_is_an_hour_of_the_sites_own_clock(timezone: str, instant: str, bucket: str) -> None:
    assert bucket_of(at(instant), timezone) == at(bucket)


def test_the_hour_that_comes_twice_when_the_clock_goes_back_is_two_buckets() -> None:
    # Berlin, 2026-10-25: 00:00Z is 02:00 +02:00; 01:00Z is 02:00 +01:00.
    assert bucket_of(at("2026-10-25T00:30"), "Europe/Berlin") == at("2026-10-25T00:00")
    assert bucket_of(at("2026-10-25T01:30"), "Europe/Berlin") == at("2026-10-25T01:00")


def test_a_clock_that_goes_forward_half_an_hour_begins_a_short_bucket_at_the_change() -> None:
    # Lord Howe, 2026-10-04: at 15:30Z (the 3rd) it goes from 02:00 +10:30 to 02:30 +11:00.
    change = at("2026-10-03T15:30")
    assert bucket_of(change - 1, "Australia/Lord_Howe") == change - HOUR_MS
    assert bucket_of(change, "Australia/Lord_Howe") == change
    assert bucket_of(change + 30 * MINUTE - 1, "Australia/Lord_Howe") == change
    assert bucket_of(change + 30 * MINUTE, "Australia/Lord_Howe") == change + 30 * MINUTE


def test_a_clock_that_goes_back_half_an_hour_begins_the_repeated_half_hour_at_the_change() -> None:
    # Lord Howe, 2026-04-05: at 15:00Z (the 4th) it goes from 02:00 +11:00 to 01:30 +10:30.
    change = at("2026-04-04T15:00")
    assert bucket_of(change - 1, "Australia/Lord_Howe") == change - HOUR_MS
    assert bucket_of(change + 20 * MINUTE, "Australia/Lord_Howe") == change
    assert bucket_of(change + 30 * MINUTE, "Australia/Lord_Howe") == change + 30 * MINUTE


@given(instant=st.integers(at("2020-01-01"), at("2037-12-31")), timezone=st.sampled_from(ZONES))
def test_a_bucket_contains_its_start_and_one_hour_of_one_day(instant: int, timezone: str) -> None:
    bucket = bucket_of(instant, timezone)
    assert bucket <= instant < bucket + HOUR_MS
    assert bucket_of(bucket, timezone) == bucket
    assert day_of(bucket, timezone) == day_of(instant, timezone)
    assert utc_offset(bucket, timezone) == utc_offset(instant, timezone)


@given(instant=st.integers(at("2020-01-01"), at("2037-12-31")), timezone=st.sampled_from(ZONES))
def test_an_instant_lies_in_its_day(instant: int, timezone: str) -> None:
    day = day_of(instant, timezone)
    assert day_start(day, timezone) <= instant < day_start(next_day(day), timezone)


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2026-03-08", "America/Havana", 23),  # the day has no midnight
        ("2026-11-01", "America/Havana", 25),  # the day has two midnights
        ("2026-11-24", "Asia/Kathmandu", 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(day: str, timezone: str, hours: float) -> None:
    length = day_start(next_day(day), timezone) - day_start(day, timezone)
    assert length == hours * HOUR_MS


def test_an_instant_is_read_with_its_offset_else_as_utc_and_a_day_by_the_sites_clock() -> None:
    assert read_instant("2026-11-24T10:00:00Z", "Asia/Kolkata") == at("2026-11-24T10:00")
    assert read_instant("2026-11-24T10:00", "Asia/Kolkata") == at("2026-11-24T10:00")
    assert read_instant("2026-11-24T10:00+02:00", "UTC") == at("2026-11-24T08:00")
    assert read_instant("2026-11-24", "Asia/Kolkata") == at("2026-11-23T18:30")


@given(instant=st.integers(0, at("2100-01-01")))
def test_an_instant_is_read_to_the_millisecond(instant: int) -> None:
    text = f"{datetime.fromtimestamp(instant // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"
    assert read_instant(text, "UTC") == instant


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "0001-01-01", "0001-01-01T00:00+14:00"])
def test_a_bad_time_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_instant(text, "Asia/Kolkata")


def test_days_continue_over_months_and_end_with_the_calendar() -> None:
    assert days_between("2026-02-27", "2026-03-01") == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert days_between("2026-03-01", "2026-02-27") == []
    assert next_day("2026-03-01", -1) == "2026-02-28"
    with pytest.raises(ValueError):
        next_day("9999-12-31")
