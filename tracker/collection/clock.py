"""Clock: reads the times that clients send, and computes the local day of an instant. Pure."""

import re
from datetime import datetime
from functools import lru_cache
from math import isfinite
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
#: A number of ms that is later than every instant. Sums with it don't overflow.
BEYOND = 10**18
#: BEYOND in nanoseconds.
LARGEST = BEYOND * 10**6
#: The offset of a timezone from UTC changes only at full quarters of an hour.
QUARTER_MS = 900_000

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
#: A date and a time with a timezone. In a query string, the plus of the timezone may have become a blank.
_ISO = re.compile(
    r"(\d{4}-?\d\d-?\d\d[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?) ?(?:(Z|UTC|GMT)|([+ -])(\d\d(?::?\d\d)?))", re.I
)


def read_instant(value: str | int) -> int | None:
    """Read a time as ms since the epoch. The value may be a number since the epoch, a number as text, or ISO 8601 with
    a timezone. None if it is none of these.

    The size of a number shows whether it counts seconds, milliseconds, microseconds or nanoseconds.
    """
    if isinstance(value, int):
        return round(in_ms(float(max(-LARGEST, min(value, LARGEST)))))
    text = value.strip()
    if _NUMBER.fullmatch(text):
        number = float(text)
        return round(in_ms(number)) if isfinite(number) else (BEYOND if number > 0 else -BEYOND)
    return _read_iso(text)


def in_ms(number: float) -> float:
    """Convert a number since the epoch to ms. The size of the number shows whether it counts s, ms, us or ns. A result
    above BEYOND becomes BEYOND."""
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
    """Return the day of an instant (ms) in a timezone, as Python's ordinal of a date (1 January of year 1 is 1)."""
    return _day_of_quarter(at // QUARTER_MS, timezone)


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, timezone: str) -> int:
    return datetime.fromtimestamp(quarter * QUARTER_MS // 1000, ZoneInfo(timezone)).toordinal()
