"""Preview: the archive's hits and a goal that is not saved -> the conversions that it would have counted. Nothing is
changed.

The functions that decide are the same as after a replay. They read the store's facts together with those that the draft
would add, which are only in memory.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.facts.attribute import attribute_batches
from conversions.facts.records import Fact, Link, Touch
from conversions.marks.ranges import Range
from conversions.replay.overlay import Overlay
from conversions.replay.reading import Read, ReplayArchive, read_hits
from conversions.rules.goals import Goal
from conversions.rules.rates import Series
from conversions.rules.site import SiteConfig
from conversions.store.port import FactReader
from conversions.units.clock import DAY_MS
from conversions.units.formats import Amount, Instant
from conversions.units.micros import MICROS, six_places
from conversions.verdicts.cases import read_cases
from conversions.verdicts.claims import Verdict
from conversions.verdicts.unrated import Unrated, describe_unrated, unrated
from tracker.archive import batch_of
from tracker.collection.hit import Batch, iso

LONGEST_DAYS = 90
#: This many conversions are decided at once.
CHUNK = 500
#: If more than this many conversions of the goal are in memory, the preview stops.
MOST_CONVERSIONS = 200_000
#: (site key, the site's currency, other currencies) -> the series of these others and of the currencies in which the
#: site had amounts, all in the site's currency.
ReadRates = Callable[[str, str, Collection[str]], tuple[Series, ...]]


def last_days(site: str, days: int, now: int) -> Range:
    """The range of the last days up to now (ms)."""
    return Range(site, now - days * DAY_MS, now)


class Counted(msgspec.Struct, frozen=True):
    """What a goal would have counted: conversions, and their value in micros."""

    conversions: int
    value: int
    #: The number of conversions that lack some of their value because no rate is known; currency -> the missing micros.
    lacking: int
    lacks: Mapping[str, int]


class Preview:
    """A draft's facts, gathered from the archive piece by piece. `reached`: see `Read`. `objects`: how many objects
    were finished. `damaged`: how many pieces could not be read. `complete`: whether all pieces were taken."""

    def __init__(
        self, store: FactReader, site: SiteConfig, draft: Goal, site_range: Range, read_rates: ReadRates
    ) -> None:
        self._facts = Overlay(store)
        self._site = msgspec.structs.replace(site, goals=(draft,))
        self._range = site_range
        self._read_rates = read_rates
        self.objects = self.damaged = 0
        self.reached = ""
        self.complete = False

    def gather(self, archive: ReplayArchive) -> Iterator[Read]:
        """Take the facts of each piece; yield the piece. The caller may stop after any piece: the preview then covers
        the pieces up to this one."""
        for read in read_hits(archive, [self._range]):
            self._facts.add(self._facts_of(read.batches or ()))
            self.objects += read.is_last
            self.damaged += read.batches is None
            self.reached = read.reached
            if len(self._facts.conversions) > MOST_CONVERSIONS:
                return
            yield read
        self.complete = True

    def _facts_of(self, batches: Sequence[Batch]) -> list[Fact]:
        made = attribute_batches(batches, {self._site.key: self._site}).facts
        return [fact for fact in made if not isinstance(fact, Touch | Link)]

    def count(self) -> Counted:
        """Count the gathered conversions of the goal in the range."""
        site = self._rated_site()
        self._facts.join(site.key)
        conversions = value = lacking = 0
        lacks = Counter[str]()
        for verdict in self._verdicts(site):
            conversions += 1
            value += verdict.value
            if verdict.value_reason and (missing := unrated(verdict, site)):
                lacking += 1
                lacks.update(missing)
        return Counted(conversions, value, lacking, lacks)

    def _rated_site(self) -> SiteConfig:
        """The site with the rates of the gathered facts' currencies as well: such a fact may be the site's first in its
        currency."""
        rates = self._read_rates(self._site.key, self._site.currency, self._facts.currencies)
        return msgspec.structs.replace(self._site, rates=rates)

    def _verdicts(self, site: SiteConfig) -> Iterator[Verdict]:
        """Decide each gathered claim; yield the verdicts that count in the range. One row of each claim is given,
        because `read_cases` reads the others."""
        rows = list({row.claim: row for row in self._facts.conversions.values()}.values())
        for start in range(0, len(rows), CHUNK):
            for case in read_cases(self._facts, site, rows[start : start + CHUNK]):
                if case.reason is None and case.verdict.winner.at in self._range:
                    yield case.verdict


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal would have counted, and how far the archive was read."""

    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")
    conversions: Annotated[Amount, Meta(description="The number of conversions, with six places.")]
    value: Annotated[Amount, Meta(description="Their value, in the site's currency.")]
    currency: str
    unrated: Annotated[Unrated, Meta(description="The value that is left out, by reason, in the form of reports.")] = (
        msgspec.field(name="set_aside")
    )
    complete: Annotated[
        bool, Meta(description="False if it ran out of time; then hits archived after `reached` are not counted.")
    ]
    reached: Instant | None
    objects: Annotated[int, Meta(description="Objects of the archive that were read.")]
    damaged: Annotated[int, Meta(description="Their pieces that could not be read; a merged object may have several.")]


def describe_preview(preview: Preview, site_range: Range, site: SiteConfig) -> PreviewAnswer:
    """Describe what a goal would have counted."""
    counted = preview.count()
    return PreviewAnswer(
        since=iso(site_range.since),
        until=iso(site_range.until),
        conversions=six_places(counted.conversions * MICROS),
        value=six_places(counted.value),
        currency=site.currency,
        unrated=describe_unrated(counted.lacking, counted.lacks),
        complete=preview.complete,
        reached=iso(int(batch_of(preview.reached)[:13])) if preview.reached else None,
        objects=preview.objects,
        damaged=preview.damaged,
    )


def gather_until(preview: Preview, archive: ReplayArchive, may_go_on: Callable[[], bool]) -> None:
    """Gather while `may_go_on` allows it."""
    for _ in preview.gather(archive):
        if not may_go_on():
            return
