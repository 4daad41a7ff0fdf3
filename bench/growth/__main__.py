"""Measures the cost of a hit as timelines and a site grow, and prints JSON. `python -m bench.growing` starts it."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median

from bench.growth.meter import Cost, GrowingSite, Meter, keyspace, mark_past, settle, some_visitors
from bench.growth.past import FACTS_AN_HOUR
from conversions.store.adapters import open_store
from conversions.units.clock import HOUR_MS

SIZES = (10, 100, 1_000, 10_000)
VISITORS = 20
#: What isn't counted: the first facts and turns, until Java has compiled its hot code; and the first turns of each
#: size.
COLD_FACTS, COLD, WARM = 100_000, 100, 3
#: The number of turns that are counted. The result is their median.
TURNS = 15
LOADERS = 2
SLICE = 10_000
SETTLE_SECONDS = 300.0
PARTS = ("timelines", "site")


def say(text: str) -> None:
    """Print progress on stderr. Stdout is for the figures."""
    print(f"[{time.monotonic():9.1f} s] {text}", file=sys.stderr, flush=True)


class Bench:
    """Loads a Cassandra with facts, with several processes, and measures on it. `cassandra` is its process id."""

    def __init__(self, pool: ProcessPoolExecutor, cassandra: int) -> None:
        self.pool = pool
        self.cassandra = cassandra
        self.meter = Meter(cassandra)
        self.now = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS - 48 * HOUR_MS

    def warm_up(self) -> None:
        """Do the work that is measured on a separate site first."""
        say("warming up")
        shop = GrowingSite("warm", self.now)
        self.load(shop.past.write_site, range(COLD_FACTS), SLICE)
        for _ in range(COLD):
            self.meter.attribute(shop, range(VISITORS))
            self.meter.roll_up(shop)

    def timelines(self) -> dict[str, dict[str, Cost]]:
        """Measure the cost of a hit and of a conversion by the number of touches in the visitor's timeline."""
        shops = {size: GrowingSite(f"timelines-{size}", self.now) for size in SIZES}
        for size, shop in shops.items():
            say(f"{VISITORS} timelines of {size:,} touches")
            step = max(SLICE // size, 1)
            self.load(partial(shop.past.write_timelines, size), range(VISITORS), min(step, VISITORS))
        self.settle()
        return self.turns(shops, {size: list(range(VISITORS)) for size in SIZES})

    def site(self, most: int) -> dict[str, dict[str, Cost]]:
        """Measure the cost of a hit and of a conversion by the number of facts of the site, up to `most`. The visitors
        come from the site's whole past."""
        shop, found, had = GrowingSite("growing", self.now), {}, 0
        for facts in (n for n in (10_000, 100_000, 1_000_000, 10_000_000) if n <= most):
            began = time.monotonic()
            self.load(shop.past.write_site, range(had, facts), SLICE)
            say(f"{facts:,} facts; {(facts - had) / (time.monotonic() - began):,.0f} written a second")
            mark_past(shop, facts, FACTS_AN_HOUR)
            self.settle()
            self.look_into(shop, facts)
            found |= self.turns({facts: shop}, {facts: some_visitors(facts, VISITORS * (WARM + TURNS))})
            had = facts
        return found

    def turns(self, shops: dict[int, GrowingSite], visitors: dict[int, Sequence[int]]) -> dict[str, dict[str, Cost]]:
        """Measure the sites of all sizes in turn, because the machine may be busier at some times. Return size ->
        costs."""
        costs: dict[int, dict[str, list[Cost]]] = {size: {"hit": [], "conversion": []} for size in shops}
        for turn in range(WARM + TURNS):
            for size, shop in shops.items():
                start = turn * VISITORS % len(visitors[size])
                costs[size]["hit"].append(self.meter.attribute(shop, visitors[size][start : start + VISITORS]))
                costs[size]["conversion"].append(self.meter.roll_up(shop))
        found = {
            str(size): {what: middle(all_turns[WARM:]) for what, all_turns in kinds.items()}
            for size, kinds in costs.items()
        }
        say(json.dumps(found))
        return found

    def load(self, job: Callable[[range], int], numbers: range, step: int) -> None:
        """Call `job` on slices of numbers in several processes. Cassandra's commit log is off meanwhile, to save
        time."""
        self.durable(False)
        slices = (numbers[start : start + step] for start in range(0, len(numbers), step))
        done = 0
        for many in self.pool.map(job, slices):
            done += many
            if done % 1_000_000 == 0:
                say(f"{done:,} facts more")
        self.durable(True)

    def look_into(self, shop: GrowingSite, facts: int) -> None:
        """Print how many facts the store has in the first whole hour, as proof that the past was written."""
        hour = self.now - (facts // FACTS_AN_HOUR - 1) * HOUR_MS
        say(f"the store has {len(open_store().read_bucket(shop.site.key, hour)):,} facts of the first of these hours")

    def durable(self, durable: bool) -> None:
        """Switch Cassandra's commit log on or off."""
        open_store().cql.session().execute(f"ALTER KEYSPACE {keyspace()} WITH durable_writes = {durable}")

    def settle(self) -> None:
        """Wait until Cassandra has compacted its files. Print a line if it hasn't."""
        if not settle(self.cassandra, SETTLE_SECONDS):
            say("Cassandra is still compacting; the next figures include that")


def middle(costs: list[Cost]) -> Cost:
    """Return the median of each cost, but the mean of CPU time, because the kernel counts CPU time in coarse ticks."""
    means = {"worker_us", "cassandra_us"}
    return {
        name: (sum(cost[name] for cost in costs) / len(costs) if name in means else median(c[name] for c in costs))
        for name in costs[0]
    }


def main() -> None:
    """Measure timelines first, then a growing site; print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cassandra", type=int, required=True, help="the pid of the node")
    parser.add_argument("--facts", type=int, required=True)
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    # The processes are spawned: forked processes would share the parent's connections.
    with ProcessPoolExecutor(LOADERS, get_context("spawn")) as pool:
        bench = Bench(pool, given.cassandra)
        bench.warm_up()
        parts = {"timelines": bench.timelines, "site": partial(bench.site, given.facts)}
        print(json.dumps({name: part() for name, part in parts.items() if given.only in (None, name)}))


if __name__ == "__main__":
    main()
