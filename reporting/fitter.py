"""Fitter: makes the fits of months that have ended. A fit is what the data-driven models learn about a goal from a
month; it decides how conversions of the next month are divided. Therefore a fitter also marks the next month's hours to
be rolled up again.

A month that is marked gets new fits, from its facts and the present configuration. `conversions.marks.fit_marks` says
why no hour keeps figures of an old fit, even after a crash or with two fitters at once.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from conversions.attribution.fit import Fitted, fingerprint, fit
from conversions.facts.person import Whose
from conversions.facts.records import Conversion, Fact, Touch
from conversions.marks.marks import FitMark
from conversions.rules.parts import Part
from conversions.rules.site import SiteConfig
from conversions.store.port import CellSet, Store
from conversions.units.clock import HOUR_MS, LONGEST_HOLD_MS, day_start, first_day, is_held, next_month
from conversions.verdicts.cases import Case, read_cases
from conversions.verdicts.fits import fit_cell, read_fits
from conversions.verdicts.naming import counted_in
from conversions.verdicts.people import People
from reporting.attempts import Attempts
from reporting.fits.inputs import Gatherer
from reporting.ports import RollupMarks
from tracker.collection.failure import Transient

logger = logging.getLogger(__name__)

#: The largest offset of a timezone from UTC, ms.
FURTHEST_MS = 14 * HOUR_MS
#: How long a fitter holds a month's mark, ms. If the fitter dies, the month waits this long.
HOLD_MS = 15 * 60 * 1000
#: Fits are made after the hours of their month are rolled up. Fits wait only for hours that were marked in the last
#: WAIT_MS (ms): an hour that has been marked for longer may fail each time.
WAIT_MS = 10 * 60 * 1000
#: After making a month's fits, the month rests this many times the time that they took. Otherwise late hits could keep
#: workers busy with fits alone.
REST = 10

#: Parts of an hour are decided together until they have this many facts. This bounds a fitter's memory. A quiet hour of
#: many parts is decided at once.
PORTION = 5_000

Watch = Callable[[Sequence[int]], Iterable[int]]


class FitMarks(Protocol):
    """The marks on months whose fits must be made again. This is the interface that Fitter needs;
    `conversions.marks.fit_marks` implements it."""

    def open_fits(self, site: str | None = None) -> list[FitMark]:
        """Return the marks on months, oldest month first. With `site`, only those of this site."""

    def take_fits(self, mark: FitMark, now: int, until: int) -> FitMark | None:
        """Hold the mark on a month until `until` (ms), so that no other fitter takes it, and return it. None if another
        fitter holds it at `now` (ms), or if it has been removed."""

    def hold_fits(self, mark: FitMark, until: int) -> bool:
        """Hold a taken mark longer, until `until` (ms). Return False if another fitter has taken it."""

    def clear_told(self, mark: FitMark) -> bool:
        """Empty the mark's `told`, which identifies the fits for which the next month's hours were marked. Call it
        before different fits are written. Return False if another fitter has taken the mark."""

    def close_fits(self, mark: FitMark, told: str, held_until: int) -> bool:
        """Set the mark's `told`, which identifies the fits for which the next month's hours were marked. Then remove
        the mark, unless the month was marked again after it was taken; return whether it was removed. A mark that stays
        is held until `held_until` (ms)."""

    def is_rolling(self, site: str, since: int, until: int, token: int) -> bool:
        """Whether a site, or an hour of it that begins at `since` <= ms < `until`, is marked to be rolled up, and the
        mark has this token or a greater one."""


class Overtaken(Exception):
    """Another fitter has taken the month's mark. This fitter must write no more."""


class Fitter:
    """Makes the fits of months. `load_site` must read a site's configuration from the database, not from a cache.
    `frozen_before`: hours before this instant (ms) don't change any more. `clock`: the present instant (ms)."""

    def __init__(
        self,
        store: Store,
        marks: RollupMarks,
        fit_marks: FitMarks,
        load_site: Callable[[str], SiteConfig | None],
        frozen_before: Callable[[], int],
        clock: Callable[[], int],
    ) -> None:
        self.store = store
        self.marks = marks
        self.fit_marks = fit_marks
        self.load_site = load_site
        self.frozen_before = frozen_before
        self.clock = clock
        self.attempts = Attempts()

    def due(self, site: str | None = None) -> list[FitMark]:
        """Return the marks on months that have ended in their site's timezone. With `site`, only those of this site."""
        now = self.clock()
        marks = self.fit_marks.open_fits(site)
        # Each site's present month is always marked. It is skipped without reading the site's configuration.
        return [mark for mark in marks if end_of(mark.month, "UTC") - FURTHEST_MS <= now and self._is_over(mark, now)]

    def _is_over(self, mark: FitMark, now: int) -> bool:
        site = self.load_site(mark.site)
        return site is None or end_of(mark.month, site.timezone) <= now

    def is_ready(self, mark: FitMark) -> bool:
        """Whether the fits of a month can be made now: no other fitter holds the mark, and no hour of the month was
        marked to be rolled up in the last WAIT_MS and is still waiting."""
        now = self.clock()
        since, until = end_of(next_month(mark.month, -1), "UTC") - FURTHEST_MS, end_of(mark.month, "UTC") + FURTHEST_MS
        return not is_held(mark.held_until, now) and not self.fit_marks.is_rolling(
            mark.site, since, until, (now - WAIT_MS) * 1000
        )

    def attempt(self, mark: FitMark, now: int, watch: Watch = iter) -> bool:
        """Make the fits of a month. Return whether they changed. An error is logged and not raised, and the caller goes
        on with the next month.

        If services are away several times in a row, the error is raised, because it concerns every month.
        """
        trouble = f"site {mark.site}: the fits of {mark.month} can't be made"
        return bool(self.attempts.make(lambda: self.fit(mark, now, watch), trouble))

    def fit(self, mark: FitMark, now: int, watch: Watch = iter) -> bool:
        """Make the fits of a month. Return whether they changed. If another fitter holds the month's mark at `now`
        (ms), do nothing."""
        began = self.clock()
        taken = self.fit_marks.take_fits(mark, now, began + HOLD_MS)
        if taken is None:
            return False
        try:
            return self._fit(taken, began, watch)
        except Overtaken:
            return False
        except Transient:
            # The month rests as after a success. A month that can't be read must not take the others' time.
            self.fit_marks.hold_fits(taken, self._rested(began))
            raise

    def _fit(self, taken: FitMark, began: int, watch: Watch) -> bool:
        site = self.load_site(taken.site)
        if site is None or self._is_frozen(taken, site):
            logger.warning("site %s: the mark on the fits of %s is dropped", taken.site, taken.month)
            self.fit_marks.close_fits(taken, taken.told, 0)
            return False
        fits = self._make(site, taken, watch)
        changed = self._keep(site, taken, fits)
        self.fit_marks.close_fits(taken, fingerprint(fits), self._rested(began))
        return changed

    def _rested(self, began: int) -> int:
        now = self.clock()
        return now + min(REST * (now - began), LONGEST_HOLD_MS)

    def _keep(self, site: SiteConfig, taken: FitMark, fits: Mapping[str, Fitted]) -> bool:
        """Write the fits of a month. Return whether they differ from the stored ones, or from those for which the next
        month was marked. If they differ, mark the next month's hours to be rolled up again. Raises Overtaken."""
        told = fingerprint(fits)
        changed = told != taken.told or told != fingerprint(read_fits(self.store, site, taken.month))
        if changed and not self.fit_marks.clear_told(taken):
            raise Overtaken
        cells = [fit_cell(site, uid, taken.month, one) for uid, one in fits.items()]
        self.store.write_cells([CellSet(site.key, taken.writer, cells)])
        if changed:
            self._mark_next_month(site, taken.month)
        return changed

    def _is_frozen(self, taken: FitMark, site: SiteConfig) -> bool:
        """Whether the month's fits can't change any figure, because all hours of the next month are too old to
        change."""
        return end_of(next_month(taken.month), site.timezone) <= self.frozen_before()

    def _make(self, site: SiteConfig, taken: FitMark, watch: Watch) -> dict[str, Fitted]:
        """Make the fit of each goal: goal uid -> fit. Goals that are switched off get one too. The month's facts are
        read hour by hour, a few parts at a time. `watch` shows the progress. Raises Overtaken."""
        gatherer = Gatherer(site)
        held = self.clock()
        buckets = self._buckets(site, taken.month)
        for bucket in watch(list(buckets)):
            for facts in self._portions(site, bucket, buckets[bucket]):
                gatherer.add(*self._decide(site, bucket, facts))
            gatherer.end_bucket()
            if self.clock() - held > HOLD_MS // 3:
                held = self.clock()
                if not self.fit_marks.hold_fits(taken, held + HOLD_MS):
                    raise Overtaken
        return {goal.uid: fit(gatherer.inputs(goal.uid), self.clock()) for goal in site.goals}

    def _portions(self, site: SiteConfig, bucket: int, parts: Iterable[Part]) -> Iterator[list[Fact]]:
        """Read the facts of an hour's parts, and yield them in lists. A list has about PORTION facts, and always whole
        parts."""
        facts: list[Fact] = []
        for part in parts:
            facts += self.store.read_bucket(site.key, bucket, part)
            if len(facts) >= PORTION:
                yield facts
                facts = []
        if facts:
            yield facts

    def _decide(
        self, site: SiteConfig, bucket: int, facts: Sequence[Fact]
    ) -> tuple[list[Touch], Iterator[Case], Whose]:
        """Decide which conversions of some parts of an hour count. Return the touches, these conversions, and a
        function that returns the person of a touch."""
        conversions = [fact for fact in facts if isinstance(fact, Conversion)]
        touches = [fact for fact in facts if isinstance(fact, Touch)]
        cases = read_cases(self.store, site, conversions) if conversions else []
        people = People(self.store, site.key)
        people.read_links_of(touches)
        return touches, counted_in(site, bucket, cases), people.of

    def _mark_next_month(self, site: SiteConfig, month: str) -> None:
        limit = self.frozen_before()
        parts = self._parts(site, next_month(month))
        self.marks.mark_parts(site.key, [one for one in parts if one[0] >= limit])

    def _buckets(self, site: SiteConfig, month: str) -> dict[int, list[Part]]:
        """Return the parts of a month that have facts, as {start of the hour (ms): parts}, in order of time.

        A part was marked at least once if it has facts. If a part gets its first facts after this read, its rollup
        marks the month, and the fits are made again.
        """
        buckets: dict[int, list[Part]] = {}
        for bucket, index in self._parts(site, month):
            buckets.setdefault(bucket, []).append(Part(index, site.parts.number_at(bucket)))
        return buckets

    def _parts(self, site: SiteConfig, month: str) -> list[tuple[int, int]]:
        """Return the parts of a month that have facts, as (start of the hour in ms, index of the part)."""
        first = day_start(first_day(month), site.timezone)
        return self.marks.known_parts(site.key, first, end_of(month, site.timezone))


def end_of(month: str, timezone: str) -> int:
    """Return the instant (ms) at which a month ends in a timezone."""
    return day_start(first_day(next_month(month)), timezone)
