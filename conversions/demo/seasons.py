"""Seasons: decides how busy the shop is on a day, and at which hours people come."""

from datetime import date
from random import Random

#: How busy each month is, from January on, and each day of the week, from Monday on. 1 is usual.
MONTHS = (0.9, 0.85, 0.95, 1.0, 0.95, 0.85, 0.75, 0.8, 1.0, 1.1, 1.35, 1.5)
WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 0.9, 1.1, 1.25)
#: How many people come in each hour, as weights, from FIRST_HOUR on.
FIRST_HOUR = 7
WORKDAY = (3, 4, 4, 4, 4, 6, 5, 4, 4, 4, 5, 6, 8, 9, 7, 3)
WEEKEND = (1, 2, 4, 6, 7, 7, 6, 6, 6, 6, 6, 7, 8, 8, 6, 3)


def busyness(day: date) -> float:
    """Return how busy the shop is on a day; 1 is usual."""
    return MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * occasion(day)


def occasion(day: date) -> float:
    """Return a factor for special times: the Black Week, the weeks before and after Christmas, New Year. 1 at other
    times, 2 would be twice as busy."""
    if day.month == 11 and 20 <= day.day <= 30:
        return 1.5
    if day.month == 12:
        return 1.2 if day.day < 20 else 0.5
    return 0.6 if (day.month, day.day) == (1, 1) else 1.0


def draw_minute(rng: Random, day: date) -> int:
    """Choose the time at which a person comes on a day, as ms after midnight."""
    hours = WEEKEND if day.weekday() > 4 else WORKDAY
    hour = FIRST_HOUR + rng.choices(range(len(hours)), hours)[0]
    return (hour * 3600 + rng.randrange(3600)) * 1000 + rng.randrange(1000)
