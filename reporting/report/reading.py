"""Reading: reads the cells of a report's days. Pure.

A day has a cell of its own, which is the sum of the cells of its hours. If an hour was marked after the day's cell was
made, the day's cell is outdated, and the cells of its hours are read instead; see `reporting.days`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set

from conversions.rules.site import SiteConfig
from conversions.store.checksum import Damaged
from conversions.store.port import Cell, Store
from conversions.units.clock import day_start, days_between, next_day
from reporting.figures.cells import CLICKS, NO_RATE, by_touch_day
from reporting.figures.days import DayBody, figures_of, month_page, read_made
from reporting.figures.sums import utc_day
from reporting.report.query import Query

#: The most pages of cells in memory at once.
PAGES_AT_ONCE = 32

#: A site-local day and one of its cells.
OnDay = tuple[str, Cell]


class DayReader:
    """Reads the cells of consecutive days of a site.

    `tokens`: (start of the hour, greatest token of its marks). `wrong`: the days read so far whose own cells were
    useless, because they were damaged or the day's midnights have changed since.
    """

    def __init__(self, store: Store, site: SiteConfig, days: Sequence[str], tokens: Iterable[tuple[int, int]]) -> None:
        self.wrong: set[str] = set()
        self._store = store
        self._site = site
        self._days = days
        self._starts = starts_of(days, site)
        #: Day -> the greatest token of its hours' marks. A day whose hours never had a mark has no cells.
        self._newest: dict[str, int] = {}
        for bucket, token in tokens:
            day = self._day_of(bucket)
            self._newest[day] = max(self._newest.get(day, 0), token)

    def read(self, model: str, days: Sequence[str], by_hour: bool = False) -> Iterator[OnDay]:
        """Yield a model's cells of some days, as (day, cell): the day's own cell if it is valid, otherwise the cells of
        its hours. With `by_hour`, always the cells of its hours."""
        wanted = {day for day in days if day in self._newest}
        if not by_hour:
            for day, cell in self._own_cells(model, frozenset(wanted)):
                wanted.discard(day)
                yield day, cell
        yield from self._hours(model, wanted)

    def _own_cells(self, model: str, days: Set[str]) -> Iterator[OnDay]:
        useless: set[str] = set()
        for cell in self._store.read_cells(self._site.key, [model], sorted(set(map(month_page, days)))):
            if not self._starts[0] <= cell.start < self._starts[-1] or (day := self._day_of(cell.start)) not in days:
                continue
            made = self._made(cell)
            if made is None:
                useless.add(day)
            elif made.token > self._newest[day]:
                yield day, figures_of(cell, made)
                days = days - {day}
        # A day may have two cells if the timezone's rules changed: an old one and a valid one. The day isn't wrong if
        # it has a valid one.
        self.wrong |= useless & days

    def _made(self, cell: Cell) -> DayBody | None:
        """Read the content of a day's own cell; None if it is damaged, or if the day's midnights have changed since."""
        place = bisect_right(self._starts, cell.start) - 1
        try:
            made = read_made(cell)
        except Damaged:
            return None
        return made if [made.since, made.until] == self._starts[place : place + 2] else None

    def _hours(self, model: str, days: set[str]) -> Iterator[OnDay]:
        pages = sorted({page for day in days for page in self._pages(day)})
        for first in range(0, len(pages), PAGES_AT_ONCE):
            for cell in self._store.read_cells(self._site.key, [model], pages[first : first + PAGES_AT_ONCE]):
                if self._starts[0] <= cell.start < self._starts[-1] and (day := self._day_of(cell.start)) in days:
                    yield day, cell

    def _pages(self, day: str) -> list[str]:
        place = bisect_right(self._days, day) - 1
        return days_between(utc_day(self._starts[place]), utc_day(self._starts[place + 1] - 1))

    def _day_of(self, at: int) -> str:
        return self._days[bisect_right(self._starts, at) - 1]


def starts_of(days: Sequence[str], site: SiteConfig) -> list[int]:
    """Return the instants (ms) at which the days start, and the instant at which the last day ends."""
    return [day_start(day, site.timezone) for day in [*days, next_day(days[-1])]]


def read_clicks(reader: DayReader, query: Query) -> Iterator[OnDay]:
    """Read the cells with clicks and views of a report's days, as (day, cell)."""
    return reader.read(CLICKS, query.days(), "hour" in query.by)


def read_credit(reader: DayReader, query: Query, site: SiteConfig) -> Iterator[tuple[str, str, Cell]]:
    """Read the cells with credit of a report's models, as (model, day, cell). With basis=click, cells of later days
    come too, because their conversions may give credit to touches of the report's days."""
    days = query.credit_days(site)
    for model in query.all_models():
        name = by_touch_day(model) if query.basis == "click" else model
        yield from ((model, day, cell) for day, cell in reader.read(name, days, "hour" in query.by))


def read_unrated_cells(reader: DayReader, query: Query) -> Iterator[OnDay]:
    """Read the cells with amounts whose exchange rate is unknown, of a report's days, as (day, cell)."""
    return reader.read(NO_RATE, query.days())
