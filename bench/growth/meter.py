"""Meter: measures the worker's functions on a site: time, CPU time here and in Cassandra, and rows read."""

import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.growth.past import Past, visitor_id
from conversions.marks import marks as sequence
from conversions.models import Ad, Campaign, Goal
from conversions.store.adapters import open_store
from conversions.store.cql import Cql, Row
from conversions.tasks import processor
from conversions.units.clock import HOUR_MS
from reporting.tasks import roller
from tests.running import cpu_seconds
from tracker.collection.hit import Hit, batch_id
from tracker.models import Account, Site

Cost = dict[str, float]


class CountingCql(Cql):
    """Runs the store's statements, and counts the rows that they return."""

    rows = 0

    def run_all(self, calls: Iterable[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        """Run statements as Cql does, and count their rows."""
        found = super().run_all(calls)
        self.rows += sum(map(len, found))
        return found


class GrowingSite:
    """A site with an ad, a goal and past facts. Some of its visitors return in each new hour."""

    def __init__(self, name: str, now: int) -> None:
        self.site = Site.objects.create(account=Account.objects.create(name=name), name=name, key=name)
        Ad.objects.create(campaign=Campaign.objects.create(site=self.site, key="campaign"), key="ad")
        goal = Goal.objects.create(site=self.site, key="purchase")
        self.past = Past(self.site.key, goal.uid, now)
        self.now = now
        self.turn = 0

    def come_back(self, visitors: Sequence[int]) -> list[Hit]:
        """Return the hits of the next hour, in which each of these visitors clicks and buys."""
        self.turn += 1
        at = self.now + self.turn * HOUR_MS
        return [hit for number in visitors for hit in (self.hit(number, "click", at), self.hit(number, "sale", at + 1))]

    def hit(self, visitor: int, kind: str, at: int) -> Hit:
        """Make a click on the ad, or a sale."""
        own: dict[str, Any] = {"type": "click", "ad": "ad"}
        if kind == "sale":
            own = {"type": "conversion", "name": "purchase", "order": f"{self.turn}-{visitor}", "value": 29_900_000}
        name = f"{kind}-{self.turn}-{visitor}"
        return Hit(site=self.site.key, id=name, at=at, received=at, visitor=visitor_id(visitor), **own)


class Meter:
    """Measures work on this process's store. `cassandra` is the process id of the node."""

    def __init__(self, cassandra: int) -> None:
        self.cql = open_store().cql = CountingCql()
        self.cassandra = cassandra

    def attribute(self, shop: GrowingSite, visitors: Sequence[int]) -> Cost:
        """Process hits of these visitors as a batch; return the cost of one hit."""
        hits = shop.come_back(visitors)
        return self._measure(lambda: processor().process(hits, batch_id(shop.now, "growth")), len(hits))

    def roll_up(self, shop: GrowingSite) -> Cost:
        """Roll up the site's marked hours; return the cost of one conversion."""
        work = roller()
        marks = work.marked(shop.site.key)
        conversions = [fact for mark in marks for fact in open_store().read_bucket(mark.site, mark.bucket)]
        sales = sum(fact.hit.startswith("sale-") for fact in conversions)
        return self._measure(lambda: [work.roll_up(mark) for mark in marks], sales)

    def _measure(self, work: Callable[[], object], many: int) -> Cost:
        began, own, theirs, rows = time.perf_counter(), time.process_time(), cpu_seconds(self.cassandra), self.cql.rows
        work()
        return {
            "ms": 1e3 * (time.perf_counter() - began) / many,
            "worker_us": 1e6 * (time.process_time() - own) / many,
            "cassandra_us": 1e6 * (cpu_seconds(self.cassandra) - theirs) / many,
            "rows": (self.cql.rows - rows) / many,
        }


def some_visitors(facts: int, many: int) -> list[int]:
    """Return `many` random visitors from the whole past of a site with `facts` facts."""
    return random.Random(facts).sample(range(facts // 3), many)


def settle(cassandra: int, seconds: float) -> bool:
    """Wait until Cassandra has compacted its files, at most some seconds; return whether it has."""
    session = open_store().cql.session()
    ends_at, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < ends_at and quiet < 3:
        before = cpu_seconds(cassandra)
        time.sleep(1)
        busy = session.execute("SELECT task_id FROM system_views.sstable_tasks").one() is not None
        quiet = 0 if busy or cpu_seconds(cassandra) - before > 0.5 else quiet + 1
    return quiet >= 3


def mark_past(shop: GrowingSite, facts: int, per_hour: int) -> None:
    """Register the hours of a site's past as rolled up, without rolling them up."""
    hours = range(0, facts // per_hour + 1)
    first = shop.now - shop.now % HOUR_MS
    sequence.mark_buckets(shop.site.key, [first - hour * HOUR_MS for hour in hours])
    sequence.Mark.objects.filter(site=shop.site.key).update(marked=False)


def keyspace() -> str:
    """Return the name of this run's keyspace."""
    return os.environ["CASSANDRA_URL"].rpartition("/")[2]
