"""Hours: the hour, day and month of an instant (ms) on the site's clock. Rules: `docs/models.md`, Hours, days and
months."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60_000


def shown(at: int, timezone: str) -> datetime:
    """Return the time that the site's clock shows."""
    return datetime.fromtimestamp(at // 1000, ZoneInfo(timezone))


def hour_of(at: int, timezone: str) -> int:
    """Return the start of an instant's hour, by going back minute by minute while the clock shows the same hour."""
    return _hour_of(at - at % MINUTE, timezone)


@lru_cache(maxsize=1 << 16)
def _hour_of(minute: int, timezone: str) -> int:
    hour = _hour_shown(minute, timezone)
    while _hour_shown(minute - MINUTE, timezone) == hour:
        minute -= MINUTE
    return minute


def _hour_shown(at: int, timezone: str) -> tuple[date, int, timedelta | None]:
    """Return date, hour and offset from UTC. The offset distinguishes the two hours that look the same when the clock
    is set back."""
    moment = shown(at, timezone)
    return moment.date(), moment.hour, moment.utcoffset()


def day_of(at: int, timezone: str) -> str:
    """Return the day of an instant, YYYY-MM-DD."""
    return str(shown(at, timezone).date())


def month_of(at: int, timezone: str) -> str:
    """Return the month of an instant, YYYY-MM."""
    return day_of(at, timezone)[:7]


def month_before(month: str) -> str:
    """Return the month before a month."""
    return str(date.fromisoformat(f"{month}-01") - timedelta(days=1))[:7]


def days_before(day: str, count: int) -> str:
    """Return the day `count` days before a day."""
    return str(date.fromisoformat(day) - timedelta(days=count))
