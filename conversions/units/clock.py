"""Clock: an instant -> the bucket, the day and the month of a site's own clock. Pure."""

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
    """Whether work that is held until an instant (ms) is still held now. A hold that would last longer than
    LONGEST_HOLD_MS was set by a wrong clock. It doesn't count."""
    return now < until <= now + LONGEST_HOLD_MS


@lru_cache(maxsize=1024)
def zone(timezone: str) -> ZoneInfo:
    """The time zone with an IANA name. Raises ZoneInfoNotFoundError."""
    return ZoneInfo(timezone)


def utc_offset(at: int, timezone: str) -> int:
    """The zone's offset from UTC at an instant, in ms."""
    offset = datetime.fromtimestamp(at // 1000, zone(timezone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * 1000


def bucket_of(at: int, timezone: str) -> int:
    """The start of the site-local hour that contains `at`, both in ms since the epoch. If the clock changes in the
    middle of the hour, a bucket starts at the change."""
    offset = utc_offset(at, timezone)
    start = at - (at + offset) % HOUR_MS
    return start if utc_offset(start, timezone) == offset else _clock_change(start, at, timezone)


def _clock_change(before: int, after: int, timezone: str) -> int:
    """The instant (ms) of the clock change between two instants of one hour that have different offsets.

    A clock that changes by less than an hour (Lord Howe: 30 minutes) changes in the middle of a local hour.
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
    """The site-local day that contains `at`, `YYYY-MM-DD`."""
    return datetime.fromtimestamp(at // 1000, zone(timezone)).date().isoformat()


def day_start(day: str, timezone: str) -> int:
    """The instant (ms) at which a site-local day begins. Raises ValueError if the text is no date."""
    return _instant(datetime.fromisoformat(day).replace(tzinfo=zone(timezone)))


def read_instant(text: str, timezone: str) -> int:
    """Read an instant, in ms. The text is a site-local day, which means the day's start, or ISO 8601. Without a zone,
    ISO 8601 means UTC. Raises ValueError."""
    if len(text) == 10:
        return day_start(text, timezone)
    moment = datetime.fromisoformat(text)
    return _instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _instant(moment: datetime) -> int:
    """The exact ms of a moment. Raises ValueError if UTC has no such date."""
    try:
        return (moment.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise ValueError(f"{moment} is out of range") from error


def next_day(day: str, days: int = 1) -> str:
    """The day `days` later. Raises ValueError if there is none."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise ValueError(f"{day} is out of range") from error


def days_between(first: str, last: str) -> list[str]:
    """List every day from first to last, both inclusive."""
    span = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return [next_day(first, n) for n in range(span + 1)]


def month_of(at: int, timezone: str) -> str:
    """The site-local month that contains `at`, `YYYY-MM`."""
    return day_of(at, timezone)[:7]


def next_month(month: str, months: int = 1) -> str:
    """The month that is `months` later; earlier if `months` is negative. Raises ValueError if there is none."""
    years, rest = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return date(years, rest + 1, 1).isoformat()[:7]


def first_day(month: str) -> str:
    """The first day of a month."""
    return f"{month}-01"
