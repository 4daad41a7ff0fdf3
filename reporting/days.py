"""Days: the cells of the hours of past days -> the cells of the days. Reports then needn't read each hour.

A day's cell is a cache. `conversions.marks.days` says why no report uses an outdated one. The steps: draw the token,
look for open marks, read the hours. A mark that is set after the token was drawn has a greater token; it makes the
day's cell outdated.
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

#: The names of all models under which an hour and a day have cells.
ALL = (CLICKS, NO_RATE, *MODELS, *map(by_touch_day, MODELS))
#: A tick considers at most this many days.
LOOKED_AT = 2_000


class DayList(Protocol):
    """The list of days whose cells should be made: `conversions.marks.days`."""

    def stale_days(self, now: int, limit: int, site: str | None = None) -> list[StaleDay]:
        """The listed days that are over at `now` (ms)."""

    def forget_day(self, day: StaleDay) -> None:
        """Remove a day from the list, unless it was put there again since it was read."""

    def draw_day_token(self) -> int:
        """Draw a token and commit it. The next read sees every mark with a smaller token."""

    def has_open_marks(self, site: str, since: int, until: int) -> bool:
        """Whether any bucket of an interval (ms) has an open mark on its hour's cells."""


class DayMaker:
    """Makes the cells of days. `load_sites` loads configurations uncached."""

    def __init__(
        self, store: Store, days: DayList, load_sites: Callable[[Collection[str]], Mapping[str, SiteConfig]]
    ) -> None:
        self.store = store
        self.days = days
        self.load_sites = load_sites
        self.attempts = Attempts()
        self._sites: dict[str, SiteConfig | None] = {}

    def due(self, now: int, site: str | None = None) -> list[StaleDay]:
        """The days whose cells may be made at `now` (ms)."""
        days = self.days.stale_days(now, LOOKED_AT, site)
        self._sites = {}
        self._load({day.site for day in days})
        return days

    def attempt(self, day: StaleDay) -> bool:
        """Make the cells of one day; return whether they were made. A failure is logged, and the other days can still
        be made; see Attempts."""
        return bool(self.attempts.make(lambda: self.make(day), f"site {day.site}: the day {day.day} can't be made"))

    def make(self, day: StaleDay) -> bool:
        """Make a day's cells unless one of its hours is marked; return whether they were made. Raises Damaged."""
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
