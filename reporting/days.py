"""Days: makes the figures of each past day from the figures of its hours. Reports then read one cell a day instead of
24.

A day's cell is a cache. To make it, draw a token, check that none of the day's hours is marked, and read the cells of
these hours. If an hour is marked later, its mark has a greater token, and reports ignore the day's cell; see
`conversions.marks.days`.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from conversions.attribution.credit import MODELS
from conversions.marks.days import StaleDay
from conversions.rules.site import SiteConfig
from conversions.store.port import CellSet, Store
from conversions.units.clock import days_between
from reporting.attempts import Attempts
from reporting.figures.cells import CLICKS, NO_RATE, by_touch_day
from reporting.figures.days import day_cells, ends_of
from reporting.figures.sums import utc_day

logger = logging.getLogger(__name__)

#: The names of all models for which an hour and a day have cells.
ALL = (CLICKS, NO_RATE, *MODELS, *map(by_touch_day, MODELS))
#: The most days of the list that are read at once.
LOOKED_AT = 2_000


class DayList(Protocol):
    """The list of days whose cells should be made again. This is the interface that DayMaker needs;
    `conversions.marks.days` implements it."""

    def stale_days(self, now: int, limit: int, site: str | None = None) -> list[StaleDay]:
        """Return the days of the list that have ended at `now` (ms), at most `limit`. With `site`, only days of this
        site."""

    def forget_day(self, day: StaleDay) -> None:
        """Remove a day from the list, unless it was put on the list again after `day` was read."""

    def draw_day_token(self) -> int:
        """Draw a token (a number that grows with each draw) and commit it. After the call, every mark with a smaller
        token is visible to reads."""

    def has_open_marks(self, site: str, since: int, until: int) -> bool:
        """Whether any hour of a site that begins at `since` <= ms < `until` is marked to be rolled up again."""


class DayMaker:
    """Makes the cells of past days from the cells of their hours. `load_sites` must read the sites' configuration from
    the database, not from a cache."""

    def __init__(
        self, store: Store, days: DayList, load_sites: Callable[[Collection[str]], Mapping[str, SiteConfig]]
    ) -> None:
        self.store = store
        self.days = days
        self.load_sites = load_sites
        self.attempts = Attempts()
        self._sites: dict[str, SiteConfig | None] = {}

    def due(self, now: int, site: str | None = None) -> list[StaleDay]:
        """Return the days whose cells should be made again and that have ended at `now` (ms). With `site`, only days of
        this site."""
        days = self.days.stale_days(now, LOOKED_AT, site)
        self._sites = {}
        self._load({day.site for day in days})
        return days

    def attempt(self, day: StaleDay) -> bool:
        """Make the cells of a day. Return whether they were made. An error is logged and not raised."""
        return bool(self.attempts.make(lambda: self.make(day), f"site {day.site}: the day {day.day} can't be made"))

    def make(self, day: StaleDay) -> bool:
        """Make the cells of a day, and return True. If one of the day's hours is still marked, or if the site is gone,
        make none and return False. Raises Damaged."""
        self._load({day.site} - self._sites.keys())
        site = self._sites[day.site]
        if site is None:
            self.days.forget_day(day)
            return False
        ends = ends_of(day.day, site)
        token = self.days.draw_day_token()
        if self.days.has_open_marks(site.key, ends.since, ends.until):
            return False
        pages = days_between(utc_day(ends.since), utc_day(ends.until - 1))
        hours = [cell for cell in self.store.read_cells(site.key, ALL, pages) if ends.since <= cell.start < ends.until]
        self.store.write_cells([CellSet(site.key, token, day_cells(day.day, ends, token, hours))])
        self.days.forget_day(day)
        return True

    def _load(self, keys: Collection[str]) -> None:
        found = self.load_sites(keys) if keys else {}
        self._sites.update({key: found.get(key) for key in keys})
