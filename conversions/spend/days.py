"""Days: checks the first and the last day of a range of spend. Pure."""

from conversions.spend.lines import BadLine
from conversions.spend.numbers import read_day
from conversions.units.clock import days_between
from tracker.collection.refusal import Refusal

#: A range of spend has at most this many days.
MAX_DAYS = 400

#: The first and the last day.
Days = tuple[str, str]


def read_days(first: str, last: str) -> Days:
    """Check the first and the last day of a range, both included. Raises Refusal."""
    if not (is_day(first) and is_day(last)) or last < first or len(days_between(first, last)) > MAX_DAYS:
        detail = f"from and to are days such as 2026-11-23, the first not after the last, {MAX_DAYS} days at most."
        raise Refusal(400, "bad_range", detail, "from")
    return first, last


def is_day(text: str) -> bool:
    """Whether a text is a day as `YYYY-MM-DD`."""
    try:
        return read_day(text, "") == text
    except BadLine:
        return False
