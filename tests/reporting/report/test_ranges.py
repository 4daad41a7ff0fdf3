"""Ranges without a database: the days with which a report's days are compared."""

import pytest

from reporting.report.ranges import read_compared
from tracker.collection.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "first", "last", "compared"),
    [
        ("previous", "2026-11-01", "2026-11-30", ("2026-10-02", "2026-10-31")),
        ("previous", "2026-03-01", "2026-03-01", ("2026-02-28", "2026-02-28")),
        ("year", "2026-11-01", "2026-11-30", ("2025-11-01", "2025-11-30")),
        ("year", "2024-02-29", "2024-03-01", ("2023-02-28", "2023-03-01")),
        ("2026-01-01..2026-01-31", "2026-11-01", "2026-11-30", ("2026-01-01", "2026-01-31")),
        ("", "2026-11-01", "2026-11-30", None),
    ],
)
def test_days_are_compared_with_others(text: str, first: str, last: str, compared: tuple[str, str] | None) -> None:
    assert read_compared(text, first, last) == compared


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("month", "bad_compare"),
        ("..", "bad_compare"),
        ("2026-01-01", "bad_compare"),
        ("2026-01-01..2026-02-30", "bad_compare"),
        ("2026-01-01..2026-01-02..2026-01-03", "bad_compare"),
        ("2026-01-02..2026-01-01", "bad_range"),
        ("2020-01-01..2026-01-01", "range_too_long"),
    ],
)
def test_what_can_not_be_compared_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as error:
        read_compared(text, "2026-11-01", "2026-11-30")
    assert (error.value.code, error.value.field) == (code, "compare")


@pytest.mark.parametrize("text", ["previous", "year"])
def test_nothing_lies_before_the_first_day_of_reports(text: str) -> None:
    with pytest.raises(Refusal, match="2000-01-01"):
        read_compared(text, "2000-01-01", "2000-01-02")
