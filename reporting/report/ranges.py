"""Ranges: reads the days of a report from the parameters `from` and `to`, and the days to compare with from `compare`.
Pure."""

import re
from collections.abc import Mapping
from datetime import date

from conversions.units.clock import days_between, next_day
from tracker.collection.refusal import Refusal

#: The most days of a report: a leap year and some days more.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: The first and the last day.
Range = tuple[str, str]


def read_days(parameters: Mapping[str, str]) -> Range:
    """Read the first and the last day of a report from `from` and `to`. Both are included. Raises Refusal."""
    days = (parameters.get("from") or "", parameters.get("to") or "")
    for field, day in zip(("from", "to"), days, strict=True):
        if not is_day(day):
            detail = f"{field} must be a day of the site's calendar, such as 2026-11-23."
            raise Refusal(400, "bad_day", detail, field)
    return check_range(*days, "to")


def check_range(first: str, last: str, field: str) -> Range:
    """Return the first and the last day of a range. Raises Refusal, which names the parameter `field`, if the range is
    too long or ends before it begins."""
    if last < first:
        raise Refusal(400, "bad_range", "The last day (to) lies before the first (from).", field)
    if len(days_between(first, last)) > MAX_DAYS:
        raise Refusal(400, "range_too_long", f"A report covers at most {MAX_DAYS} days.", field)
    return first, last


def is_day(text: str) -> bool:
    """Whether a text is a day in the form 2026-11-28, in a year that reports allow."""
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text)) and EARLIEST <= text <= LATEST
    except ValueError:
        return False


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
    return check_range(*days, "compare")


def year_before(day: str) -> str:
    """Return the same day a year earlier. For 29 February it is 28 February."""
    year = int(day[:4]) - 1
    return f"{year:04}-02-28" if day.endswith("-02-29") else f"{year:04}{day[4:]}"
