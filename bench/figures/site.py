"""Site: a site with many ads and a long past. The past is stored as facts or as cells, as each measurement needs it."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

from conversions.configuration.loading import load_site, load_sites
from conversions.facts.ad_names import AdName
from conversions.facts.records import Conversion, Fact, Touch
from conversions.marks import marks as sequence
from conversions.marks.parts import PartStep, read_parts
from conversions.marks.process import Processor
from conversions.models import Ad, Campaign, Goal, Mark
from conversions.store.adapters import open_store
from conversions.store.port import CellSet
from conversions.units.clock import DAY_MS, HOUR_MS
from reporting.days import DayMaker
from reporting.figures.sums import Sums, hour_cells
from reporting.rollup import Roller, day_end
from tracker.collection.hit import Hit
from tracker.models import Account, Site

#: 2026-09-01 (UTC), and the 90 days from then on.
START = 1_788_220_800_000
DAYS = 90
FIRST, LAST = "2026-09-01", "2026-11-29"
AFTER = START + (DAYS + 9) * DAY_MS
GROUP = 5_000


class BenchSite:
    """A site with this name, this number of ads and one goal."""

    def __init__(self, name: str, ads: int) -> None:
        account = Account.objects.create(name=name)
        self.key = name
        self.site = Site.objects.create(account=account, name=name, key=name)
        self.goal = Goal.objects.create(site=self.site, key="purchase", event="purchase").uid
        campaign = Campaign.objects.create(site=self.site, key="campaign")
        Ad.objects.bulk_create([Ad(campaign=campaign, key=f"ad-number-{n}") for n in range(ads)])
        self.ads = ads
        self.store = open_store()
        self.config = load_site(name)

    def fill_cells(self) -> None:
        """Writes the cells of 90 days in which every ad has clicks and sales each hour."""
        rng = random.Random(self.ads)
        names = [AdName(f"ad-number-{n}", "campaign", True) for n in range(self.ads)]
        ends = set()
        assert self.config
        for hour in range(DAYS * 24):
            bucket = START + hour * HOUR_MS
            sums = Sums()
            for name in names:
                sums.clicks[name] = [rng.randrange(1, 90), 0]
                sums.alike[self.goal, name, FIRST] = [1_000_000 * rng.randrange(1, 9), rng.randrange(10**9)]
            self.store.write_cells([CellSet(self.key, sequence.draw_token(), hour_cells(bucket, sums))])
            ends.add(day_end(bucket, self.config))
        sequence.mark_buckets(self.key, [START + hour * HOUR_MS for hour in range(DAYS * 24)])
        Mark.objects.filter(site=self.key).update(marked=False)
        self.roller().days.note_days(ends)
        self.make_days()

    def divide(self, number: int) -> None:
        """Divide all hours. Call it before they have facts."""
        PartStep.objects.create(site=self.key, since=0, number=number)

    def fill_hour(self, bucket: int, conversions: int) -> None:
        """Writes an hour's facts: `conversions` people click and buy. Marks this hour alone."""
        self.write(self.hour_facts(bucket, conversions))
        sequence.mark_buckets(self.key, [bucket])

    def hour_facts(self, bucket: int, people: int) -> Iterator[Fact]:
        """One click and one sale for each person."""
        for n in range(people):
            at = bucket + n * HOUR_MS // people // 2
            place: dict[str, Any] = {"site": self.key, "visitor": f"v{bucket}-{n}", "bucket": bucket}
            yield Touch(**place, at=at, hit=f"t{bucket}-{n}", kind="click", ad=f"ad-number-{n % self.ads}")
            sale: dict[str, Any] = {"goal": self.goal, "version": 1, "order": f"o{bucket}-{n}", "value": 29_900_000}
            yield Conversion(**place, at=at + HOUR_MS // 2 - 1, hit=f"c{bucket}-{n}", **sale)

    def write(self, facts: Iterable[Fact]) -> None:
        """Writes facts, a few thousand at a time."""
        group: list[Fact] = []
        parts = read_parts([self.key])
        for fact in facts:
            group.append(fact)
            if len(group) == GROUP:
                self.store.add_facts(group, parts=parts)
                group = []
        self.store.add_facts(group, parts=parts)

    def click(self, name: str, at: int, visitor: str) -> Hit:
        """A click on an ad."""
        return Hit(site=self.key, id=name, type="click", at=at, received=at, visitor=visitor, ad="ad-number-0")

    def sale(self, name: str, at: int, visitor: str) -> Hit:
        """A sale with its own order."""
        own: dict[str, Any] = {"name": "purchase", "order": f"o-{name}", "value": 29_900_000}
        return Hit(site=self.key, id=name, type="conversion", at=at, received=at, visitor=visitor, **own)

    def process(self, hits: Iterable[Hit]) -> None:
        """Processes a batch as a worker does."""
        Processor(self.store, sequence, load_site, lambda: 0, 1_000).process(list(hits), "bench")

    def roll_up(self) -> int:
        """Rolls up all marked buckets as beat does. Returns how many."""
        work = self.roller()
        done = 0
        for noted in (work.marked, work.sums):
            marks = noted(self.key)
            for batch in work.batches(marks):
                work.attempt(batch)
            done += len(marks)
        work.attempts.end()
        return done

    def roller(self) -> Roller:
        """The roller that beat uses."""
        return Roller(self.store, sequence, load_sites, lambda: 0)

    def make_days(self) -> None:
        """Makes the cells of past days as beat does."""
        work = DayMaker(self.store, self.roller().days, load_sites)  # type: ignore[arg-type]
        for day in work.due(AFTER, self.key):
            work.make(day)
