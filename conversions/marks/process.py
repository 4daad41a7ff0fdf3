"""Process: writes the facts of a batch of hits to the store, then marks the hours that the facts may change.

A batch may be processed again from any point: facts are idempotent, and marks are always set after the facts are
written.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from conversions.facts.attribute import attribute_batches
from conversions.facts.counts import Count
from conversions.facts.records import Adjustment, Conversion, Fact
from conversions.facts.rejected import RejectedHit, rejected_hit
from conversions.marks.reach import late_facts, reach_of, too_late
from conversions.rules.parts import Place
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from tracker.away import AWAY
from tracker.collection.hit import Batch, Hit

logger = logging.getLogger(__name__)


class ProcessorMarks(Protocol):
    """The functions of `conversions.marks.marks` that a Processor needs."""

    def note_currencies(self, site: str, found: Iterable[tuple[str, bool]]) -> None:
        """Note the foreign currencies of a site's amounts, as pairs (currency, whether the amount is an
        adjustment's)."""

    def mark_places(self, places: Mapping[str, Collection[Place]], onward: Collection[tuple[str, int]] = ()) -> None:
        """Mark the parts that contain these places. `places`: site -> places (bucket and slot). `onward`: pairs (site,
        instant in ms); the bucket that contains the instant and all later buckets are marked."""


class Processor:
    """Processes batches of hits. `load_site`: a function that returns the configuration of a site, or None if no site
    has the key.

    `frozen_before`: a function that returns the instant (ms) before which buckets are frozen (too old to change).
    `daily_cap`: `/api/rejected` shows at most this many rejected hits of a site and a day. Further rejected hits are
    only counted.
    """

    def __init__(
        self,
        store: Store,
        marks: ProcessorMarks,
        load_site: Callable[[str], SiteConfig | None],
        frozen_before: Callable[[], int],
        daily_cap: int,
    ) -> None:
        self.store = store
        self.marks = marks
        self.load_site = load_site
        self.frozen_before = frozen_before
        self.daily_cap = daily_cap

    def process(self, hits: Sequence[Hit], batch: str) -> list[Count]:
        """Write the facts of a batch, then mark the hours that the facts may change. Returns the increments of live
        counters. Raises the errors in AWAY.

        If the batch fails because of its content, its hits are processed one by one, and the bad hits are rejected.
        """
        return self.process_batches([Batch(batch, tuple(hits))])

    def process_batches(self, batches: Sequence[Batch]) -> list[Count]:
        """Process several batches as if they were one; see `process`."""
        try:
            return self._process(batches)
        except AWAY:
            raise
        except Exception as error:
            apart = divide_batches(batches)
            if len(apart) > 1:
                logger.warning("batch %s failed and is processed hit by hit: %r", batches[0].id, error)
                return [count for one in apart for count in self.process_batches([one])]
            return self._give_up(batches[0].hits, batches[0].id, error)

    def _process(self, batches: Sequence[Batch]) -> list[Count]:
        sites = {key: self.load_site(key) for key in {hit.site for batch in batches for hit in batch.hits}}
        outcome = attribute_batches(batches, sites)
        if outcome.facts:
            for key, site in sites.items():
                if site and (found := foreign_currencies(outcome.facts, site)):
                    self.marks.note_currencies(key, found)
            # The number of parts of a bucket is fixed long before it has facts. Therefore a cached number is right.
            parts = {key: site.parts for key, site in sites.items() if site}
            self.store.add_facts(outcome.facts, parts=parts)
        rejected = [*outcome.rejected, *self._mark(outcome.facts)]
        if rejected:
            self.store.write_rejected(rejected, self.daily_cap)
        return list(outcome.counts)

    def _mark(self, facts: Sequence[Fact]) -> list[RejectedHit]:
        """Mark the hours that the facts may change. Returns a rejected hit for each fact that comes too late to change
        anything."""
        limit = self.frozen_before()
        by_site = {
            site: [fact for fact in facts if fact.site == site] for site in sorted({fact.site for fact in facts})
        }
        reaches = [reach_of(self.store, site, own, limit) for site, own in by_site.items()]
        onward = [(reach.site, reach.since) for reach in reaches if reach.since is not None]
        self.marks.mark_places({reach.site: reach.places for reach in reaches}, onward)
        for reach in reaches:
            if reach.crowded:
                self.store.announce(reach.site, reach.crowded)
        late = [late_facts(self.store, reach.site, by_site[reach.site], limit) for reach in reaches if reach.frozen]
        return [too_late(fact) for some in late for fact in some]

    def _give_up(self, hits: Sequence[Hit], batch: str, error: Exception) -> list[Count]:
        """Write a hit that can't be processed to the rejected hits, with the error. `hits`: the one hit of the batch.
        If the write fails, the batch becomes a dead letter."""
        logger.exception("a hit of batch %s can't be processed", batch)
        detail = f"{type(error).__name__}: {error}"
        self.store.write_rejected(
            [rejected_hit(hit, batch, "unprocessable", "", detail) for hit in hits], daily_cap=self.daily_cap
        )
        return []


def divide_batches(batches: Sequence[Batch]) -> list[Batch]:
    """Divide the work for another attempt: several batches into single batches, or one batch into batches of one hit
    each."""
    if len(batches) > 1:
        return list(batches)
    return [Batch(batch.id, (hit,)) for batch in batches for hit in batch.hits]


def foreign_currencies(facts: Iterable[Fact], site: SiteConfig) -> set[tuple[str, bool]]:
    """Return the foreign currencies of the amounts in a site's facts, as pairs (currency, whether the amount is an
    adjustment's)."""
    return {
        (fact.currency, isinstance(fact, Adjustment))
        for fact in facts
        if isinstance(fact, Conversion | Adjustment)
        and fact.site == site.key
        and fact.currency not in ("", site.currency)
    }
