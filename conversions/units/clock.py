"""Clock: the hour (bucket), the day and the month to which an instant belongs in a site's timezone. Pure.

An instant is an integer, in ms since the epoch.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracker.collection.clock import DAY_MS as DAY_MS

HOUR_MS = 3_600_000
#: An instant (ms) that no clock reaches.
FOR_EVER = 1 << 62
EPOCH = datetime.fromtimestamp(0, UTC)
#: The longest time (ms) for which a worker holds work. A hold that seems longer was set by a clock that was ahead.
LONGEST_HOLD_MS = HOUR_MS


def is_held(until: int, now: int) -> bool:
    """Whether a worker's hold on some work is still valid at `now` (ms). `until`: when the hold ends (ms).

    A hold that ends more than LONGEST_HOLD_MS after now is ignored, because a worker with a wrong clock set it.
    """
    return now < until <= now + LONGEST_HOLD_MS


@lru_cache(maxsize=1024)
def zone(timezone: str) -> ZoneInfo:
    """Return the time zone with an IANA name, such as `Europe/Berlin`. Raises ZoneInfoNotFoundError."""
    return ZoneInfo(timezone)


def utc_offset(at: int, timezone: str) -> int:
    """Return a time zone's offset from UTC at an instant (ms), in ms."""
    offset = datetime.fromtimestamp(at // 1000, zone(timezone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * 1000


def bucket_of(at: int, timezone: str) -> int:
    """Return the start (ms) of the site-local hour that contains the instant `at` (ms).

    If the clock changes in the middle of an hour, a new bucket starts at the change.
    """
    offset = utc_offset(at, timezone)
    start = at - (at + offset) % HOUR_MS
    return start if utc_offset(start, timezone) == offset else _clock_change(start, at, timezone)


def _clock_change(before: int, after: int, timezone: str) -> int:
    """Return the instant (ms) at which a clock change divides an hour. `before` and `after` (ms) are in this local
    hour, and have different offsets from UTC.

    This happens where clocks change by less than an hour, as on Lord Howe Island (30 minutes).
    """
    first, last = before // 1000, after // 1000
    offset = utc_offset(after, timezone)
    while last - first > 1:
        middle = (first + last) // 2
        if utc_offset(middle * 1000, timezone) == offset:
            last = middle
        else:
            first = middle
    return last * 1000


def day_of(at: int, timezone: str) -> str:
    """Return the site-local day that contains the instant `at` (ms), as `YYYY-MM-DD`."""
    return datetime.fromtimestamp(at // 1000, zone(timezone)).date().isoformat()


def day_start(day: str, timezone: str) -> int:
    """Return the instant (ms) at which a site-local day (`YYYY-MM-DD`) begins. Raises ValueError if the text is no
    date."""
    return _instant(datetime.fromisoformat(day).replace(tzinfo=zone(timezone)))


def read_instant(text: str, timezone: str) -> int:
    """Read an instant (ms) from a text: a date, or a time in ISO 8601. Raises ValueError.

    A date (`YYYY-MM-DD`) means the start of that day in the site's timezone. A time without an offset is in UTC.
    """
    if len(text) == 10:
        return day_start(text, timezone)
    moment = datetime.fromisoformat(text)
    return _instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _instant(moment: datetime) -> int:
    """Convert a datetime to ms since the epoch. Raises ValueError if it is outside the range of datetimes in UTC."""
    try:
        return (moment.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise ValueError(f"{moment} is out of range") from error


def next_day(day: str, days: int = 1) -> str:
    """Return the day (`YYYY-MM-DD`) that is `days` later. Raises ValueError if it is out of range."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise ValueError(f"{day} is out of range") from error


def days_between(first: str, last: str) -> list[str]:
    """List every day from `first` to `last`, both included (`YYYY-MM-DD`)."""
    span = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return [next_day(first, n) for n in range(span + 1)]


def month_of(at: int, timezone: str) -> str:
    """Return the site-local month that contains the instant `at` (ms), as `YYYY-MM`."""
    return day_of(at, timezone)[:7]


def next_month(month: str, months: int = 1) -> str:
    """Return the month (`YYYY-MM`) that is `months` later, or earlier if `months` is negative. Raises ValueError if it
    is out of range."""
    years, rest = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return date(years, rest + 1, 1).isoformat()[:7]


def first_day(month: str) -> str:
    """Return the first day of a month: `2026-10` gives `2026-10-01`."""
    return f"{month}-01"
