"""Rollup: marked parts of buckets -> exact figures, written under the mark's token. Beat starts it each minute.

These steps, in this order, ensure that no fact is missed: note the tokens, read the configuration uncached, read the
facts, write every cell under its mark's token, mark the fits of the buckets' months, note that their days' cells are
old, and remove each mark whose token is still the noted one.

If a bucket is undivided, its only part makes the cells of the hour. If a bucket has several parts, each part makes its
own cell and marks the sum of the hour. The sum is made in the same steps, from the cells of the parts instead of facts.

The configuration is read once for all marks that were noted together, after the last of them was noted. Therefore no
mark is closed with an outdated configuration: a change of the configuration marks the whole site, in the same
transaction. If this commits before the configuration is read, the rollup knows the change. If it commits later, the
token of the site's mark is greater than every noted token. All buckets of the site are then marked under still greater
tokens, even buckets whose marks the rollup has closed.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Protocol

import msgspec

from conversions.marks import days as stale_days
from conversions.marks import turns as turns_of_marks
from conversions.marks.days import DayEnd
from conversions.marks.marks import SUM, Mark
from conversions.marks.parts import raise_parts
from conversions.marks.turns import LONGEST_ONWARD_REST_MS, LONGEST_REST_MS
from conversions.rules.parts import NUMBERS, Part
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell, CellSet, Store
from conversions.units.clock import DAY_MS, FOR_EVER, HOUR_MS, day_of, day_start, next_day
from conversions.units.now import now_ms
from reporting.attempts import Attempts
from reporting.figures.parts import part_cells
from reporting.figures.sums import hour_cells
from reporting.making import sums_of_hour, sums_of_part

logger = logging.getLogger(__name__)

#: The cells of at most this many marks are written together, and the marks closed together. If their facts reach the
#: second number, this is done sooner.
AT_ONCE, FACTS_AT_ONCE = 32, 5_000
#: A group has at most this many parts of one hour.
PARTS_AT_ONCE = 4
#: A worker holds a group of marks for this long (ms). If the worker dies, the group waits this long.
HOLD_MS = 2 * 60 * 1000
#: If a part has more facts than this, the site's coming hours get more parts. The rollup of this many facts takes about
#: a second.
MOST_FACTS = 2_000
#: After a rollup the open hour rests this many times the time that the rollup took, but at most LONGEST_REST_MS. Each
#: hit marks the hour, and each rollup makes all of it. While the hour rests, reports show live counters.
REST = 10
#: After a site's onward marks were replaced, further ones rest this long (ms) for each part that was marked, but at
#: most LONGEST_ONWARD_REST_MS. This is ten times what the rollup of a small part takes. Therefore strangers who send
#: more than a worker reads cost about a tenth of a worker's time, however many batches they send.
ONWARD_REST_A_PART_MS = 100


class RollupMarks(Protocol):
    """The functions of `conversions.marks.marks` that a roller calls."""

    def mark_parts(self, site: str, parts: Iterable[tuple[int, int]]) -> None:
        """Mark known (bucket, part) under new tokens."""

    def mark_sums(self, buckets: Iterable[tuple[str, int]]) -> None:
        """Mark the sums of (site, bucket) under a new token."""

    def open_marks(self, site: str | None = None) -> list[Mark]:
        """List the open marks."""

    def known_parts(self, site: str, since: int = 0, until: int = FOR_EVER) -> list[tuple[int, int]]:
        """List every (bucket, part) that was ever marked, for the buckets that begin in an interval (ms)."""

    def note_tries(self, marks: Collection[Mark]) -> None:
        """Note that a rollup of buckets begins."""

    def close_marks(self, marks: Mapping[Mark, int]) -> list[Mark]:
        """Set until when each mark rests. Remove those whose token is still the noted one; return them. `marks`: mark
        -> the end of its rest (ms)."""

    def mark_fits(self, months: Collection[tuple[str, str]]) -> None:
        """Mark the fits of (site, month) under a new token."""


class MarkTurns(Protocol):
    """The functions of `conversions.marks.turns` that a roller calls."""

    def due_marks(self, now: int, sums: bool, site: str | None = None) -> list[Mark]:
        """The marks that neither rest nor are held at `now` (ms), in no particular order: those on sums if `sums` is
        true, otherwise those on parts."""

    def due_site_marks(self, now: int | None, site: str | None = None) -> list[Mark]:
        """The open marks of whole sites, and the open onward marks of sites that don't rest at `now` (ms)."""

    def take_marks(self, marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
        """Note that a rollup of marks begins, and hold them until an instant (ms). Return the marks that are now
        held."""

    def release_marks(self, marks: Collection[Mark]) -> None:
        """End the hold of marks."""


class DayNotes(Protocol):
    """The list of days whose cells should be made again: `conversions.marks.days`."""

    def note_days(self, days: Collection[DayEnd]) -> None:
        """Add days to the list."""


class MadeCells(msgspec.Struct, frozen=True):
    """The cells of a mark that are not written yet, the number of their facts, and the time (ms) that making them took.

    If `cells` is None, there is nothing to write. `day`: the day of an hour's cells; None for a part of an hour.
    `month`: the month of the facts; None for a sum.
    """

    mark: Mark
    day: DayEnd | None = None
    month: str | None = None
    cells: CellSet | None = None
    facts: int = 0
    took: int = 0


class Roller:
    """Rolls up parts. `load_sites` loads configurations uncached. `frozen_before` and `clock` return instants (ms).
    `raise_parts` divides a site's coming hours into more parts."""

    def __init__(
        self,
        store: Store,
        marks: RollupMarks,
        load_sites: Callable[[Collection[str]], Mapping[str, SiteConfig]],
        frozen_before: Callable[[], int],
        clock: Callable[[], int] = now_ms,
        days: DayNotes = stale_days,
        turns: MarkTurns = turns_of_marks,
        raise_parts: Callable[[str, int, int], object] = raise_parts,
    ) -> None:
        self.store = store
        self.marks = marks
        self.load_sites = load_sites
        self.frozen_before = frozen_before
        self.clock = clock
        self.days = days
        self.turns = turns
        self.raise_parts = raise_parts
        self.attempts = Attempts()
        self._sites: dict[str, SiteConfig | None] = {}

    def expand(self, site: str | None = None, now: int | None = None) -> None:
        """Replace the marks of whole sites, and onward marks, by marks of each part of their unfrozen buckets.

        `now` (ms): the onward marks of sites that rest at this instant are left out; None leaves out none.
        """
        limit = self.frozen_before()
        of_sites = groupby(self.turns.due_site_marks(now, site), lambda mark: mark.site)
        for key, marks in [(key, list(marks)) for key, marks in of_sites]:
            parts = self.marks.known_parts(key, max(limit, min(mark.bucket for mark in marks)))
            self.marks.mark_parts(key, parts)
            rest = min(ONWARD_REST_A_PART_MS * len(parts), LONGEST_ONWARD_REST_MS)
            self.marks.close_marks(dict.fromkeys(marks, self.clock() + rest))

    def marked(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """The parts to roll up now: alternately the one whose last try is longest ago, and the newest one.

        The newest buckets come early: a recount of one site's year then doesn't delay the present day of others. Parts
        that were tried longest ago come early, too: no part waits forever, even if a tick does only few parts and many
        are marked again before the next. `now` (ms): parts that rest or are held at this instant are left out; None
        leaves out no part.
        """
        self.expand(site, now)
        return self._noted(False, site, now)

    def sums(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """The sums of hours to make now, in the same order as parts. A tick makes them after the parts that mark
        them."""
        return self._noted(True, site, now)

    def _noted(self, sums: bool, site: str | None, now: int | None) -> list[Mark]:
        if now is None:
            every = self.marks.open_marks(site)
            marks = [one for one in every if not one.is_of_site and (one.part == SUM) == sums]
        else:
            marks = self.turns.due_marks(now, sums, site)
        self._sites = {}  # Whatever is read from here on is newer than every noted token.
        newest = sorted(marks, key=lambda mark: (-mark.bucket, mark.tried))
        waiting = sorted(newest, key=lambda mark: mark.tried)
        return list(dict.fromkeys(chain.from_iterable(zip(waiting, newest, strict=True))))

    def batches(self, marks: Iterable[Mark]) -> Iterator[list[Mark]]:
        """Group marks into batches that are tried together. Parts of one hour are in smaller batches, which several
        workers can share. A mark whose last try failed, or killed its worker, is by itself."""
        marks = list(marks)
        of_hour = Counter((mark.site, mark.bucket) for mark in marks)
        batches: dict[int, list[Mark]] = {AT_ONCE: [], PARTS_AT_ONCE: []}
        for mark in marks:
            if mark.tried > mark.token:
                yield [mark]
                continue
            size = PARTS_AT_ONCE if of_hour[mark.site, mark.bucket] > 1 else AT_ONCE
            batches[size].append(mark)
            if len(batches[size]) == size:
                yield batches[size]
                batches[size] = []
        yield from filter(None, batches.values())

    def attempt_held(self, marks: Sequence[Mark]) -> list[Mark]:
        """Hold the marks that no other worker holds, and roll them up as `attempt` does."""
        now = self.clock()
        mine = self.turns.take_marks(marks, now, now + HOLD_MS)
        try:
            return self._attempt(mine)
        finally:
            self.turns.release_marks(mine)

    def attempt(self, marks: Sequence[Mark]) -> list[Mark]:
        """Roll up marks; return those that were removed. A failure is logged, and the other marks are still tried; see
        Attempts.

        An outage of the services is raised, because it concerns every mark.
        """
        self.marks.note_tries(marks)
        return self._attempt(marks)

    def _attempt(self, marks: Sequence[Mark]) -> list[Mark]:
        done: list[Mark] = []
        made: list[MadeCells] = []
        for mark in marks:
            one = self.attempts.make(lambda mark=mark: self._make(mark, marks), trouble(mark))  # type: ignore[misc]
            made += [one] if one else []
            if sum(one.facts for one in made) >= FACTS_AT_ONCE:
                done += self._attempt_to_finish(made)
                made = []
        return [*done, *self._attempt_to_finish(made)]

    def roll_up(self, *marks: Mark) -> list[Mark]:
        """Roll up marks under their tokens; return those that were removed. Any failure is raised."""
        return self._finish([self._make(mark, marks) for mark in marks])

    def _attempt_to_finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Finish all marks together. If that fails, finish each by itself."""
        if len(made) > 1:
            names = f"{len(made)} buckets together can't be written"
            done = self.attempts.make(lambda: self._finish(made), names)
            if done is not None:
                return done
        alone = (self.attempts.make(lambda one=one: self._finish([one]), trouble(one.mark)) for one in made)  # type: ignore[misc]
        return [mark for done in alone for mark in done or ()]

    def _finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Write the cells, mark the sums and the fits, note the days, then remove the marks. After a crash all of this
        is done again, because the marks are still there."""
        self.store.write_cells([one.cells for one in made if one.cells])
        self.marks.mark_sums({(one.mark.site, one.mark.bucket) for one in made if one.cells and not one.day})
        self.marks.mark_fits({(one.mark.site, one.month) for one in made if one.cells and one.month})
        self.days.note_days({one.day for one in made if one.day})
        return self.marks.close_marks({one.mark: self._rest(one) for one in made})

    def _rest(self, one: MadeCells) -> int:
        now = self.clock()
        return now + min(REST * one.took, LONGEST_REST_MS) if is_open(one.mark.bucket, now) else 0

    def _make(self, mark: Mark, batch: Sequence[Mark]) -> MadeCells:
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
            self._grow(site, mark.bucket, number, facts)
            cells = hour_cells(mark.bucket, sums) if number == 1 else part_cells(mark.bucket, part, sums)
        took = round(1000 * (time.monotonic() - began))
        month = None if mark.part == SUM else day.day[:7]
        return MadeCells(mark, of_hour, month, CellSet(site.key, mark.token, cells), facts, took)

    def _grow(self, site: SiteConfig, bucket: int, number: int, facts: int) -> None:
        """Divide the site's coming hours into more parts if a part of a recent hour is too large."""
        more = next((one for one in NUMBERS if one > number), 0)
        now = self.clock()
        if facts > MOST_FACTS and more > site.parts.highest and bucket > now - DAY_MS:
            logger.info("site %s: its coming hours are divided into %d parts", site.key, more)
            self.raise_parts(site.key, more, now)

    def _add_up(self, site: SiteConfig, mark: Mark, number: int) -> list[Cell]:
        """Make the cells of an hour from those of its parts. If a part's cell is damaged, mark the part and raise
        Damaged: the part's rollup will mark the hour again."""
        sums, damaged = sums_of_hour(self.store, site, mark.bucket, number)
        for one in damaged:
            logger.error("site %s: %s; it will be made again", site.key, one)
        if damaged:
            self.marks.mark_parts(site.key, [(mark.bucket, int(one.cell.key)) for one in damaged])
            raise damaged[0]
        return hour_cells(mark.bucket, sums)

    def _site(self, mark: Mark, batch: Iterable[Mark]) -> SiteConfig | None:
        """The configuration of a mark's site. It is read after the marks were noted, together with those of the batch's
        other sites."""
        sites = self._sites  # Replaced each time that marks are noted.
        if mark.site not in sites:
            new = {one.site for one in batch} - sites.keys()
            found = self.load_sites(new)
            sites.update({key: found.get(key) for key in new})
        return sites[mark.site]


def day_end(bucket: int, site: SiteConfig) -> DayEnd:
    """The day of a bucket, with its end."""
    day = day_of(bucket, site.timezone)
    return DayEnd(site.key, day, day_start(next_day(day), site.timezone))


def is_open(bucket: int, now: int) -> bool:
    """Whether a bucket's hour isn't over at `now` (ms)."""
    return bucket + HOUR_MS > now


def trouble(mark: Mark) -> str:
    """The log's message about a part that can't be rolled up."""
    return f"site {mark.site}: part {mark.part} of bucket {mark.bucket} can't be rolled up"
