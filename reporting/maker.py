"""Maker: makes the cells of a part of an hour from its facts, and the cells of a divided hour from the cells of its
parts.

If an hour has many facts, the site's coming hours are divided into more parts.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from conversions.marks.days import DayEnd
from conversions.marks.marks import SUM, Mark
from conversions.rules.parts import NUMBERS, Part
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell, CellSet, Store
from conversions.units.clock import DAY_MS, day_of, day_start, next_day
from reporting.figures.parts import part_cells
from reporting.figures.sums import hour_cells
from reporting.making import sums_of_hour, sums_of_part
from reporting.ports import RollupMarks

logger = logging.getLogger(__name__)

#: The most facts of a part, before the site's coming hours are divided further. Rolling up this many takes about a
#: second.
MOST_FACTS = 2_000


class MadeCells(msgspec.Struct, frozen=True):
    """Cells that were made for a mark and are not written yet. `facts`: how many facts were read. `took`: how long the
    making took (ms).

    `cells`: None if there is nothing to write. `day`: the day of the hour if the cells are those of a whole hour; None
    if they are those of a part. `month`: the month of the facts; None if no facts were read, because the cells of parts
    were added up.
    """

    mark: Mark
    day: DayEnd | None = None
    month: str | None = None
    cells: CellSet | None = None
    facts: int = 0
    took: int = 0


class CellMaker:
    """Makes the cells of marked parts and hours. `Roller` describes the arguments."""

    def __init__(
        self,
        store: Store,
        marks: RollupMarks,
        load_sites: Callable[[Collection[str]], Mapping[str, SiteConfig]],
        frozen_before: Callable[[], int],
        clock: Callable[[], int],
        raise_parts: Callable[[str, int, int], object],
    ) -> None:
        self.store = store
        self.marks = marks
        self.load_sites = load_sites
        self.frozen_before = frozen_before
        self.clock = clock
        self.raise_parts = raise_parts
        self._sites: dict[str, SiteConfig | None] = {}

    def forget_sites(self) -> None:
        """Forget the configuration of the sites, so that it is read again. Call it after each reading of marks."""
        self._sites = {}  # Configuration that is read from now on is newer than the tokens of all marks that were read.

    def make(self, mark: Mark, batch: Sequence[Mark]) -> MadeCells:
        """Make the cells of the part or hour that is marked. `batch`: all marks that are rolled up together with this
        one. Raises Damaged."""
        site = self._site(mark, batch)
        if site is None:
            return MadeCells(mark)
        number = site.parts.number_at(mark.bucket)
        day = day_end(mark.bucket, site)
        of_hour = day if mark.part == SUM or number == 1 else None
        if mark.bucket < self.frozen_before():
            logger.warning("site %s: the mark on frozen bucket %d is dropped", mark.site, mark.bucket)
            return MadeCells(mark, of_hour)
        began = time.monotonic()
        if mark.part == SUM:
            cells, facts = self._add_up(site, mark, number), 0
        else:
            part = Part(mark.part, number)
            sums, facts = sums_of_part(self.store, site, mark.bucket, part)
            self._divide_further(site, mark.bucket, number, facts)
            cells = hour_cells(mark.bucket, sums) if number == 1 else part_cells(mark.bucket, part, sums)
        took = round(1000 * (time.monotonic() - began))
        month = None if mark.part == SUM else day.day[:7]
        return MadeCells(mark, of_hour, month, CellSet(site.key, mark.token, cells), facts, took)

    def _divide_further(self, site: SiteConfig, bucket: int, number: int, facts: int) -> None:
        """If a part of a recent hour has too many facts, divide the site's coming hours into more parts. `number`: the
        present number of parts."""
        more = next((one for one in NUMBERS if one > number), 0)
        now = self.clock()
        if facts > MOST_FACTS and more > site.parts.highest and bucket > now - DAY_MS:
            logger.info("site %s: its coming hours are divided into %d parts", site.key, more)
            self.raise_parts(site.key, more, now)

    def _add_up(self, site: SiteConfig, mark: Mark, number: int) -> list[Cell]:
        """Make the cells of an hour from the cells of its `number` parts. If the cell of a part is damaged, mark the
        part to be rolled up again, and raise Damaged. The rollup of this part marks the hour again."""
        sums, damaged = sums_of_hour(self.store, site, mark.bucket, number)
        for one in damaged:
            logger.error("site %s: %s; it will be made again", site.key, one)
        if damaged:
            self.marks.mark_parts(site.key, [(mark.bucket, int(one.cell.key)) for one in damaged])
            raise damaged[0]
        return hour_cells(mark.bucket, sums)

    def _site(self, mark: Mark, batch: Iterable[Mark]) -> SiteConfig | None:
        """Return the configuration of a mark's site; None if the site is gone. The configuration of all sites of the
        batch is read at once, after the marks were read."""
        sites = self._sites  # This dict is replaced whenever marks are read.
        if mark.site not in sites:
            new = {one.site for one in batch} - sites.keys()
            found = self.load_sites(new)
            sites.update({key: found.get(key) for key in new})
        return sites[mark.site]


def day_end(bucket: int, site: SiteConfig) -> DayEnd:
    """Return the day of an hour in the site's timezone, with the instant at which this day ends."""
    day = day_of(bucket, site.timezone)
    return DayEnd(site.key, day, day_start(next_day(day), site.timezone))
