"""Days: reads the first and the last day of a report or a list from the parameters `from` and `to`. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from conversions.units.clock import days_between
from tracker.collection.refusal import Refusal

#: The most days of a range: a leap year and some days more.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: The first and the last day.
Range = tuple[str, str]


def read_days(parameters: Mapping[str, str], what: str) -> Range:
    """Read the first and the last day of a range from `from` and `to`. Both are included. Raises Refusal. `what`: the
    subject of the refusal's sentence, such as "A report"."""
    days = (parameters.get("from") or "", parameters.get("to") or "")
    for field, day in zip(("from", "to"), days, strict=True):
        if not is_day(day):
            detail = f"{field} must be a day of the site's calendar, such as 2026-11-23."
            raise Refusal(400, "bad_day", detail, field)
    return check_range(*days, "to", what)


def check_range(first: str, last: str, field: str, what: str) -> Range:
    """Return the first and the last day of a range. Raises Refusal if the range is too long or ends before it begins.
    `field`: the parameter that the refusal names. `what`: the subject of the refusal's sentence, such as "A report"."""
    if last < first:
        raise Refusal(400, "bad_range", "The last day (to) lies before the first (from).", field)
    if len(days_between(first, last)) > MAX_DAYS:
        raise Refusal(400, "range_too_long", f"{what} covers at most {MAX_DAYS} days.", field)
    return first, last


def is_day(text: str) -> bool:
    """Whether a text is a day in the form 2026-11-28, in a year that reports allow."""
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text)) and EARLIEST <= text <= LATEST
    except ValueError:
        return False
