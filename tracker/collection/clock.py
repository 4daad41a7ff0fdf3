"""Clock: an instant that a client's clock tells -> ms since the epoch; and the day of a site's own clock. Pure."""

import re
from datetime import datetime
from functools import lru_cache
from math import isfinite
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
#: A number of ms that no clock shows and that no sum overflows.
BEYOND = 10**18
#: Offsets from UTC change at full quarters of an hour at the earliest.
QUARTER_MS = 900_000

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
#: A day and a time, with the zone behind it; in a query the zone's plus may have become a blank.
_ISO = re.compile(
    r"(\d{4}-?\d\d-?\d\d[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?) ?(?:(Z|UTC|GMT)|([+ -])(\d\d(?::?\d\d)?))", re.I
)


def read_instant(text: str) -> int | None:
    """The ms of a text; None if it is none. It is ISO 8601 with a zone, or a number since the epoch.

    The number is seconds, or ms, micros or nanoseconds: whichever comes nearest to the present.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        number = float(text)
        return round(in_ms(number)) if isfinite(number) else (BEYOND if number > 0 else -BEYOND)
    return _read_iso(text)


def in_ms(number: float) -> float:
    """A number of seconds, ms, micros or nanoseconds since the epoch, as ms within BEYOND."""
    size = abs(number)
    if size < 1e11:
        return number * 1000
    if size < 1e14:
        return number
    if size < 1e17:
        return number / 1000
    return max(-BEYOND, min(number / 1_000_000, BEYOND))


def _read_iso(text: str) -> int | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    moment, utc, sign, offset = found.groups()
    zone = "+00:00" if utc else f"{sign.replace(' ', '+')}{offset}"
    try:
        return round(datetime.fromisoformat(moment.upper().replace(",", ".") + zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def local_day(at: int, timezone: str) -> int:
    """The day of a zone's clock that holds `at` (ms): how many lie between it and the year 1."""
    return _day_of_quarter(at // QUARTER_MS, timezone)


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, timezone: str) -> int:
    return datetime.fromtimestamp(quarter * QUARTER_MS // 1000, ZoneInfo(timezone)).toordinal()
