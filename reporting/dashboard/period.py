"""Period: the periods that a person can choose, such as 28d, and their days. Also the unit (hour, day, week or month)
of a chart of some days. Pure."""

from collections.abc import Callable, Mapping
from typing import Literal

from conversions.units.clock import days_between, first_day, next_day, next_month
from conversions.units.days import Range

Unit = Literal["hour", "day", "week", "month"]

#: The longest ranges (days) that a chart shows by day and by week. Longer ones are shown by month.
MOST_DAYS, MOST_WEEK_DAYS = 92, 200

#: Name of a period -> its title, and a function from the present day to its first and last day.
PERIODS: Mapping[str, tuple[str, Callable[[str], Range]]] = {
    "today": ("Today", lambda today: (today, today)),
    "yesterday": ("Yesterday", lambda today: (next_day(today, -1),) * 2),
    "7d": ("7 days", lambda today: (next_day(today, -6), today)),
    "28d": ("28 days", lambda today: (next_day(today, -27), today)),
    "90d": ("90 days", lambda today: (next_day(today, -89), today)),
    "month": ("This month", lambda today: (first_day(today[:7]), today)),
    "last-month": ("Last month", lambda today: whole_month(next_month(today[:7], -1))),
}
DEFAULT_PERIOD = "28d"


def whole_month(month: str) -> Range:
    """Return the first and the last day of a month: 2026-11 gives ("2026-11-01", "2026-11-30")."""
    return first_day(month), next_day(first_day(next_month(month)), -1)


def unit_of(first: str, last: str) -> Unit:
    """Return the unit by which a chart of these days is divided: a single day by hour, longer ranges by day, week or
    month."""
    days = len(days_between(first, last))
    if days == 1:
        return "hour"
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= MOST_WEEK_DAYS else "month"
