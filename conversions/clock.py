"""Instants to the buckets and days of a site's own clock. Pure."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@lru_cache(maxsize=1024)
def zone(timezone: str) -> ZoneInfo:
    """The zone of an IANA name; raises ZoneInfoNotFoundError."""
    return ZoneInfo(timezone)


def utc_offset(at: int, timezone: str) -> int:
    """The zone's offset from UTC at an instant, in ms."""
    offset = datetime.fromtimestamp(at // 1000, zone(timezone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * 1000


def bucket_of(at: int, timezone: str) -> int:
    """The start of the site-local hour that holds `at`, both in ms since the epoch."""
    return at - (at + utc_offset(at, timezone)) % HOUR_MS


def day_of(at: int, timezone: str) -> str:
    """The site-local day that holds `at`, `YYYY-MM-DD`."""
    return datetime.fromtimestamp(at // 1000, zone(timezone)).date().isoformat()


def day_start(day: str, timezone: str) -> int:
    """The instant at which a site-local day begins, in ms. Raises ValueError for no date."""
    local = datetime.fromisoformat(day).replace(tzinfo=zone(timezone))
    return int(local.astimezone(UTC).timestamp() * 1000)


def read_instant(text: str, timezone: str) -> int:
    """The ms of an instant (ISO 8601, else UTC) or of a site-local day's start. Raises ValueError."""
    if len(text) == 10:
        return day_start(text, timezone)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def next_day(day: str, days: int = 1) -> str:
    """The day `days` later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_between(first: str, last: str) -> list[str]:
    """Every day from first to last, both inclusive."""
    span = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return [next_day(first, n) for n in range(span + 1)]
