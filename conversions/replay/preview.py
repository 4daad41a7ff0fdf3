"""Preview: counts what a goal would have counted in the past, from the hits in the archive. Nothing is changed.

Conversions are decided by the same functions as after a replay. The facts that the goal would add are only in memory.
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
from conversions.replay.reading import ReadPiece, ReplayArchive, read_hits
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
#: This many conversions are decided together.
CHUNK = 500
#: The preview stops after this many conversions of the goal.
MOST_CONVERSIONS = 200_000
#: A function from (site key, the site's currency, further currencies) to exchange rates. It returns the rates of the
#: further currencies and of all currencies that the site's amounts have used.
ReadRates = Callable[[str, str, Collection[str]], tuple[Series, ...]]


def last_days(site: str, days: int, now: int) -> Range:
    """Return the range of the last `days` days up to `now` (ms)."""
    return Range(site, now - days * DAY_MS, now)


class Counted(msgspec.Struct, frozen=True):
    """What a goal would have counted. `conversions`: the number of conversions. `value`: micros of the site's
    currency."""

    conversions: int
    value: int
    #: `lacking`: how many conversions lack some of their value, because no exchange rate is known. `lacks`: currency ->
    #: the missing micros.
    lacking: int
    lacks: Mapping[str, int]


class Preview:
    """Reads the hits in the archive, piece by piece, and counts what a goal would have counted.

    `reached`: the position up to which the archive was read; see `ReadPiece`. `objects`: how many objects of the
    archive were read to the end. `damaged`: how many pieces could not be read. `complete`: whether everything was read.
    """

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

    def gather(self, archive: ReplayArchive) -> Iterator[ReadPiece]:
        """Read the archive piece by piece, and collect the conversions and adjustments in memory. Yields each piece.
        The caller may stop after any piece. Then the preview covers the pieces that were read."""
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
        """Count the conversions of the goal in the range. Only the pieces that were read are counted."""
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
        """Return the site with the exchange rates of all currencies in the facts that were read. The site may never
        have used some of these currencies before."""
        rates = self._read_rates(self._site.key, self._site.currency, self._facts.currencies)
        return msgspec.structs.replace(self._site, rates=rates)

    def _verdicts(self, site: SiteConfig) -> Iterator[Verdict]:
        """Decide the conversions in memory. Yields the verdicts on those that count and are in the range. Only one row
        of each claim is passed on, because `read_cases` reads the others."""
        rows = list({row.claim: row for row in self._facts.conversions.values()}.values())
        for start in range(0, len(rows), CHUNK):
            for case in read_cases(self._facts, site, rows[start : start + CHUNK]):
                if case.reason is None and case.verdict.winner.at in self._range:
                    yield case.verdict


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal would have counted, and how much of the archive was read."""

    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")
    conversions: Annotated[Amount, Meta(description="The number of conversions, with six decimal places.")]
    value: Annotated[Amount, Meta(description="The value of these conversions, in the site's currency.")]
    currency: str
    unrated: Annotated[Unrated, Meta(description="The missing value, by reason, in the same form as in reports.")] = (
        msgspec.field(name="set_aside")
    )
    complete: Annotated[
        bool,
        Meta(
            description="False if the preview ran out of time. Hits that were archived after `reached` are then"
            " missing."
        ),
    ]
    reached: Instant | None
    objects: Annotated[int, Meta(description="How many objects of the archive were read.")]
    damaged: Annotated[int, Meta(description="How many pieces of these objects could not be read.")]


def describe_preview(preview: Preview, site_range: Range, site: SiteConfig) -> PreviewAnswer:
    """Return what a goal would have counted, as the API shows it."""
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
    """Read the archive until everything is read or `may_go_on()` is False."""
    for _ in preview.gather(archive):
        if not may_go_on():
            return
