"""Rollup: makes the exact figures of marked hours and writes them. Workers do it each minute.

The order of steps ensures that no fact is missed: note each mark's token; read the configuration without a cache; read
the facts; write every cell under its mark's token; mark the fits of the hours' months; note that the cells of their
days are old; remove each mark, unless the hour was marked again (its token is then another one).

If an hour isn't divided, its only part makes the cells of the hour. If it has several parts, each makes its own cell
and marks the sum of the hour. The sum is made by the same steps, from the cells of the parts.

The configuration is read once for all marks that were noted together, after the last one. No mark is closed with an
outdated configuration: a change of the configuration marks the whole site in the same transaction. If it commits before
the configuration is read, the rollup sees it. If it commits later, the site's mark has a greater token than every noted
one, and all hours of the site are marked again under still greater tokens.
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

#: Cells are written, and their marks closed, as soon as they have this many facts.
FACTS_AT_ONCE = 5_000
#: A worker holds marks for this long (ms). If it dies, they wait this long.
HOLD_MS = 2 * 60 * 1000
#: After a rollup the present hour rests this many times as long as the rollup took, at most LONGEST_REST_MS. Each hit
#: marks the hour, and each rollup makes all of it. Meanwhile reports show live counters.
REST = 10
#: After a site's onward marks were replaced, further ones rest this long (ms) for each marked part, at most
#: LONGEST_ONWARD_REST_MS. It is ten times what the rollup of a small part takes. Strangers who send more than a worker
#: can read thus cost about a tenth of its time, however many batches they send.
ONWARD_REST_A_PART_MS = 100


class Roller:
    """Rolls up marked hours and parts of hours.

    `load_sites` reads configurations without a cache. `frozen_before` and `clock` return instants (ms). `raise_parts`
    divides a site's coming hours into more parts.
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
        """Replace marks of whole sites, and onward marks, by a mark on each part of their hours that may still change.

        `now` (ms): onward marks that rest at this instant are left out; None leaves out none.
        """
        limit = self.frozen_before()
        of_sites = groupby(self.turns.due_site_marks(now, site), lambda mark: mark.site)
        for key, marks in [(key, list(marks)) for key, marks in of_sites]:
            parts = self.marks.known_parts(key, max(limit, min(mark.bucket for mark in marks)))
            self.marks.mark_parts(key, parts)
            rest = min(ONWARD_REST_A_PART_MS * len(parts), LONGEST_ONWARD_REST_MS)
            self.marks.close_marks(dict.fromkeys(marks, self.clock() + rest))

    def marked(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """Return the marked parts that are to be rolled up now. They alternate: the part whose last try is longest ago,
        the newest part, and so on.

        The newest come early, because the recount of one site's year must not delay the present day of others. The
        longest untried come early, because no part may wait forever, even if a tick does only few of many. `now` (ms):
        parts that rest or are held at this instant are left out; None leaves out none.
        """
        self.expand(site, now)
        return self._noted(False, site, now)

    def sums(self, site: str | None = None, now: int | None = None) -> list[Mark]:
        """Return the marked hours that are to be added up from their parts now, in the same order as `marked`. A tick
        does this after rolling up the parts, which mark their hours."""
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
        """Group marks into batches that are rolled up together."""
        return batches_of(marks)

    def attempt_held(self, marks: Sequence[Mark]) -> list[Mark]:
        """Roll up the marks that no other worker holds; return those that were removed. They are held meanwhile.
        Failures are logged."""
        now = self.clock()
        mine = self.turns.take_marks(marks, now, now + HOLD_MS)
        try:
            return self._attempt(mine)
        finally:
            self.turns.release_marks(mine)

    def attempt(self, marks: Sequence[Mark]) -> list[Mark]:
        """Roll up marks; return those that were removed. A failure is logged, and the other marks are still tried.

        An outage of the services is raised, because it concerns every mark.
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
        """Roll up marks; return those that were removed. Every failure is raised."""
        return self._finish([self.maker.make(mark, marks) for mark in marks])

    def _attempt_to_finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Write the cells of all marks together. If that fails, write the cells of each mark by itself."""
        if len(made) > 1:
            names = f"{len(made)} buckets together can't be written"
            done = self.attempts.make(lambda: self._finish(made), names)
            if done is not None:
                return done
        alone = (self.attempts.make(lambda one=one: self._finish([one]), trouble(one.mark)) for one in made)  # type: ignore[misc]
        return [mark for done in alone for mark in done or ()]

    def _finish(self, made: Sequence[MadeCells]) -> list[Mark]:
        """Write the cells, mark sums and fits, note the days, then remove the marks. After a crash all of it is done
        again, because the marks are still there."""
        self.store.write_cells([one.cells for one in made if one.cells])
        self.marks.mark_sums({(one.mark.site, one.mark.bucket) for one in made if one.cells and not one.day})
        self.marks.mark_fits({(one.mark.site, one.month) for one in made if one.cells and one.month})
        self.days.note_days({one.day for one in made if one.day})
        return self.marks.close_marks({one.mark: self._rest(one) for one in made})

    def _rest(self, one: MadeCells) -> int:
        now = self.clock()
        return now + min(REST * one.took, LONGEST_REST_MS) if is_open(one.mark.bucket, now) else 0


def is_open(bucket: int, now: int) -> bool:
    """Whether an hour is not over at `now` (ms)."""
    return bucket + HOUR_MS > now


def trouble(mark: Mark) -> str:
    """Return the log's message for a part that can't be rolled up."""
    return f"site {mark.site}: part {mark.part} of bucket {mark.bucket} can't be rolled up"
