"""Rollup: computes the exact figures of marked hours and writes them as cells. Workers do it each minute.

The order of the steps ensures that no fact is missed: read the marks with their tokens; read the configuration without
a cache; read the facts; write the cells under the tokens of their marks; mark the fits of the hours' months; put the
hours' days on the list of days to be made again; remove the marks. A mark stays if the hour was marked again meanwhile,
because its token has changed.

An hour that isn't divided has one part, whose cells are the cells of the hour. If an hour has several parts, each part
gets cells of its own, and then the hour is marked to be added up. The same steps make the cells of this hour from the
cells of its parts.

The configuration is read once for all marks that were read together, after the marks. No mark is removed after a rollup
with an outdated configuration: a change of the configuration marks the whole site in the same transaction. If it
commits before the configuration is read, the rollup sees the change. If it commits later, the mark on the site has a
greater token than all marks that were read, and all hours of the site are marked again under still greater tokens.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from conversions.marks import days as stale_days
from conversions.marks import turns as turns_of_marks
from conversions.marks.marks import SUM, Mark
from conversions.marks.parts import raise_parts
from conversions.marks.turns import LONGEST_ONWARD_REST_MS, LONGEST_REST_MS
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import HOUR_MS
from conversions.units.now import now_ms
from reporting.attempts import Attempts
from reporting.maker import CellMaker, MadeCells
from reporting.order import batches_of, in_order
from reporting.ports import DayNotes, MarkTurns, RollupMarks

#: As soon as this many facts were read, the cells that were made of them are written, and their marks are removed.
FACTS_AT_ONCE = 5_000
#: A worker holds marks for this long (ms). If the worker dies, the marks wait this long.
HOLD_MS = 2 * 60 * 1000
#: After a rollup the present hour rests this many times as long as the rollup took, at most LONGEST_REST_MS. Each hit
#: marks the hour, and each rollup makes all of it. Meanwhile reports show live counters.
REST = 10
#: After a site's onward marks were replaced, further ones rest this long (ms) for each marked part, at most
#: LONGEST_ONWARD_REST_MS. This is ten times as long as the rollup of a small part takes. However many batches strangers
#: send, they cost a worker about a tenth of its time.
ONWARD_REST_A_PART_MS = 100


class Roller:
    """Rolls up marked hours and parts of hours: computes their figures and writes them.

    `load_sites` must read the sites' configuration from the database, not from a cache. `frozen_before`: hours before
    this instant (ms) don't change any more. `clock`: the present instant (ms). `raise_parts` divides a site's coming
    hours into more parts.
    """

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
        self.frozen_before = frozen_before
        self.clock = clock
        self.days = days
        self.turns = turns
        self.maker = CellMaker(store, marks, load_sites, frozen_before, clock, raise_parts)
        self.attempts = Attempts()

    def expand(self, site: str | None = None, now: int | None = None) -> None:
        """Replace marks that stand for many hours (marks on whole sites, and onward marks) by a mark on each part of
        these hours that may still change.

        With `now` (ms), onward marks that rest at this instant are not replaced. With `site`, only marks of this site.
        """
        limit = self.frozen_before()
        of_sites = groupby(self.turns.due_site_marks(now, site), lambda mark: mark.site)
        for key, marks in [(key, list(marks)) for key, marks in of_sites]:
            parts = self.marks.known_parts(key, max(limit, min(mark.bucket for mark in marks)))
            self.marks.mark_parts(key, parts)
            rest = min(ONWARD_REST_A_PART_MS * len(parts), LONGEST_ONWARD_REST_MS)
            self.marks.close_marks(dict.fromkeys(marks, self.clock() + rest))

    def marked(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """Return the marks on parts of hours, in the order in which to roll them up. The order alternates: the part
        whose last try is longest ago, the part of the newest hour, and so on.

        The newest hours come early, because the recount of one site's year must not delay the present day of other
        sites. The longest untried parts come early, because no part may wait forever. With `now` (ms), marks that rest
        or are held at this instant are left out.
        """
        self.expand(site, now)
        return self._noted(False, site, now)

    def sums(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """Return the marks on divided hours whose parts must be added up, in the same order as `marked`. Call it after
        the parts were rolled up, because their rollup sets these marks."""
        return self._noted(True, site, now)

    def _noted(self, sums: bool, site: str | None, now: int | None) -> list[Mark]:
        if now is None:
            every = self.marks.open_marks(site)
            marks = [one for one in every if not one.is_of_site and (one.part == SUM) == sums]
        else:
            marks = self.turns.due_marks(now, sums, site)
        self.maker.forget_sites()
        return in_order(marks)

    def batches(self, marks: Iterable[Mark]) -> Iterator[list[Mark]]:
        """Divide the marks into batches that are rolled up together; see `reporting.order`."""
        return batches_of(marks)

    def attempt_held(self, marks: Sequence[Mark]) -> list[Mark]:
        """Roll up those of the marks that no other worker holds, and hold them meanwhile. Return the marks that were
        removed. An error is logged and not raised."""
        now = self.clock()
        mine = self.turns.take_marks(marks, now, now + HOLD_MS)
        try:
            return self._attempt(mine)
        finally:
            self.turns.release_marks(mine)

    def attempt(self, marks: Sequence[Mark]) -> list[Mark]:
        """Roll up the marks, even if other workers hold them. Return the marks that were removed. An error is logged,
        and the next mark is tried.

        If services are away several times in a row, the error is raised, because it concerns every mark.
        """
        self.marks.note_tries(marks)
        return self._attempt(marks)

    def _attempt(self, marks: Sequence[Mark]) -> list[Mark]:
        done: list[Mark] = []
        made: list[MadeCells] = []
        for mark in marks:
            one = self.attempts.make(lambda mark=mark: self.maker.make(mark, marks), trouble(mark))  # type: ignore[misc]
            made += [one] if one else []
            if sum(one.facts for one in made) >= FACTS_AT_ONCE:
                done += self._attempt_to_finish(made)
                made = []
        return [*done, *self._attempt_to_finish(made)]

    def roll_up(self, *marks: Mark) -> list[Mark]:
        """Roll up the marks. Return the marks that were removed. Every error is raised."""
        return self._finish([self.maker.make(mark, marks) for mark in marks])

    def _attempt_to_finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Write the cells of all these marks together. If that fails, write them again for each mark alone. Return the
        marks that were removed."""
        if len(made) > 1:
            names = f"{len(made)} buckets together can't be written"
            done = self.attempts.make(lambda: self._finish(made), names)
            if done is not None:
                return done
        alone = (self.attempts.make(lambda one=one: self._finish([one]), trouble(one.mark)) for one in made)  # type: ignore[misc]
        return [mark for done in alone for mark in done or ()]

    def _finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Write the cells. Then mark divided hours and the fits of months, put days on the list of days to be made
        again, and remove the marks; return the removed ones.

        A crash does no harm: the marks are removed last. If they are still there, everything is done again.
        """
        self.store.write_cells([one.cells for one in made if one.cells])
        self.marks.mark_sums({(one.mark.site, one.mark.bucket) for one in made if one.cells and not one.day})
        self.marks.mark_fits({(one.mark.site, one.month) for one in made if one.cells and one.month})
        self.days.note_days({one.day for one in made if one.day})
        return self.marks.close_marks({one.mark: self._rest(one) for one in made})

    def _rest(self, one: MadeCells) -> int:
        now = self.clock()
        return now + min(REST * one.took, LONGEST_REST_MS) if is_open(one.mark.bucket, now) else 0


def is_open(bucket: int, now: int) -> bool:
    """Whether the hour that begins at `bucket` (ms) has not ended at `now` (ms)."""
    return bucket + HOUR_MS > now


def trouble(mark: Mark) -> str:
    """Return the text for the log if the marked part can't be rolled up."""
    return f"site {mark.site}: part {mark.part} of bucket {mark.bucket} can't be rolled up"
