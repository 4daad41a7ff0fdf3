"""Ranges: reads the days with which a report is compared from the parameter `compare`. Pure."""

from conversions.units.clock import days_between, next_day
from conversions.units.days import EARLIEST, Range, check_range, is_day
from tracker.collection.refusal import Refusal


def read_compared(text: str, first: str, last: str) -> Range | None:
    """Read the parameter `compare`: the first and the last of the days to compare with; None if it is empty. Raises
    Refusal.

    `previous`: as many days, just before the report's days; `year`: the same days a year earlier; otherwise the days
    themselves: FROM..TO.
    """
    if not text:
        return None
    if text == "previous":
        days = next_day(first, -len(days_between(first, last))), next_day(first, -1)
    elif text == "year":
        days = year_before(first), year_before(last)
    else:
        since, _, until = text.partition("..")
        days = since, until
    if not all(map(is_day, days)):
        detail = f"compare is previous, year, or two days FROM..TO; reports begin on {EARLIEST}."
        raise Refusal(400, "bad_compare", detail, "compare")
    return check_range(*days, "compare", "A report")


def year_before(day: str) -> str:
    """Return the same day a year earlier. For 29 February it is 28 February."""
    year = int(day[:4]) - 1
    return f"{year:04}-02-28" if day.endswith("-02-29") else f"{year:04}{day[4:]}"
