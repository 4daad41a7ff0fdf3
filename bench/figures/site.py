"""Site: a site with many ads and 90 days of data, which are stored as facts or as cells."""

import random
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any

import msgspec

from conversions.configuration.loading import load_for_hits, load_site, load_sites
from conversions.facts.ad_names import AdName
from conversions.facts.records import Conversion, Touch
from conversions.marks import marks as sequence
from conversions.marks.parts import PartStep, read_parts
from conversions.marks.process import Processor
from conversions.models import Ad, Campaign, Goal, Mark
from conversions.store.adapters import open_store
from conversions.store.port import CellSet
from conversions.units.clock import DAY_MS, HOUR_MS
from reporting.days import DayMaker
from reporting.figures.sums import Sums, hour_cells
from reporting.maker import day_end
from reporting.rollup import Roller
from tracker.collection.hit import Hit
from tracker.models import Account, Site

#: 2026-09-01 (UTC) in ms, the number of days, the first and the last day, and an instant after them.
START = 1_788_220_800_000
DAYS = 90
FIRST, LAST = "2026-09-01", "2026-11-29"
AFTER = START + (DAYS + 9) * DAY_MS
GROUP = 2_500


class Hour(msgspec.Struct, frozen=True):
    """An hour of a site in which `people` visitors click on an ad each, and every `buyer`-th of them buys. `goal` is
    the goal's uid."""

    site: str
    goal: str
    ads: int
    bucket: int
    people: int
    buyer: int = 1

    def write(self, numbers: Iterable[int]) -> None:
        """Write the facts of the visitors with these numbers."""
        clicks = [self.click(n) for n in numbers]
        sales = [self.sale(n) for n in numbers if n % self.buyer == 0]
        open_store().add_facts([*clicks, *sales], parts=read_parts([self.site]))

    def click(self, n: int) -> Touch:
        """Make the click of a visitor."""
        return Touch(
            **self.own(n), at=self.clicked_at(n), hit=f"t{self.bucket}-{n}", kind="click", ad=ad_key(n % self.ads)
        )

    def sale(self, n: int) -> Conversion:
        """Make the sale of a visitor, half an hour after the click."""
        sale: dict[str, Any] = {"goal": self.goal, "version": 1, "order": f"o{self.bucket}-{n}", "value": 29_900_000}
        return Conversion(**self.own(n), at=self.clicked_at(n) + HOUR_MS // 2 - 1, hit=f"c{self.bucket}-{n}", **sale)

    def own(self, n: int) -> dict[str, Any]:
        """Return the fields that a visitor's click and sale have in common."""
        return {"site": self.site, "visitor": visitor_id(self.bucket, n), "bucket": self.bucket}

    def clicked_at(self, n: int) -> int:
        """Return when a visitor clicks (ms)."""
        return self.bucket + n * HOUR_MS // self.people // 2


def visitor_id(bucket: int, n: int) -> str:
    """Return the id of the n-th visitor of an hour."""
    return f"v{bucket}-{n}"


def ad_key(n: int) -> str:
    """Return the key of a site's n-th ad."""
    return f"ad-number-{n}"


class BenchSite:
    """A site with a number of ads and one goal, and the work on it: processing hits, rolling up, making days."""

    def __init__(self, name: str, ads: int) -> None:
        account = Account.objects.create(name=name)
        self.key = name
        self.site = Site.objects.create(account=account, name=name, key=name)
        self.goal = Goal.objects.create(site=self.site, key="purchase", event="purchase").uid
        campaign = Campaign.objects.create(site=self.site, key="campaign")
        Ad.objects.bulk_create([Ad(campaign=campaign, key=ad_key(n)) for n in range(ads)])
        self.ads = ads
        self.store = open_store()
        self.config = load_site(name)

    def fill_cells(self) -> None:
        """Write the cells of 90 days in which every ad has clicks and sales in each hour."""
        rng = random.Random(self.ads)
        names = [AdName(ad_key(n), "campaign", True) for n in range(self.ads)]
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
        """Divide all hours of the site into this many parts. Call it before they have facts."""
        PartStep.objects.create(site=self.key, since=0, number=number)

    def fill_hour(self, bucket: int, people: int, processes: Executor) -> None:
        """Write the facts of an hour in which `people` visitors click and buy, by several processes. Mark this hour."""
        hour = Hour(self.key, self.goal, self.ads, bucket, people)
        slices = [range(first, min(first + GROUP, people)) for first in range(0, people, GROUP)]
        list(processes.map(hour.write, slices))
        sequence.mark_buckets(self.key, [bucket])

    def click(self, name: str, at: int, visitor: str) -> Hit:
        """Make a click hit on the first ad."""
        return Hit(site=self.key, id=name, type="click", at=at, received=at, visitor=visitor, ad="ad-number-0")

    def sale(self, name: str, at: int, visitor: str) -> Hit:
        """Make a conversion hit with an order of its own."""
        own: dict[str, Any] = {"name": "purchase", "order": f"o-{name}", "value": 29_900_000}
        return Hit(site=self.key, id=name, type="conversion", at=at, received=at, visitor=visitor, **own)

    def process(self, hits: Iterable[Hit]) -> None:
        """Process hits as one batch, as a worker does."""
        Processor(self.store, sequence, load_for_hits, lambda: 0, 1_000).process(list(hits), "bench")

    def roll_up(self) -> int:
        """Roll up all marked hours, as a worker does; return how many parts and sums."""
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
        """Make a roller like the worker's."""
        return Roller(self.store, sequence, load_sites, lambda: 0)

    def make_days(self) -> None:
        """Make the cells of past days, as a worker does."""
        work = DayMaker(self.store, self.roller().days, load_sites)  # type: ignore[arg-type]
        for day in work.due(AFTER, self.key):
            work.make(day)
