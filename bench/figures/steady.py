"""Steady: the first minutes of an hour of a site that gets 1,000 hits a second, by a simulated clock."""

from dataclasses import dataclass, field

from bench.figures.line import Cost, cost_of
from bench.figures.site import START, BenchSite, Hour
from conversions.configuration.loading import load_sites
from conversions.marks import marks as sequence
from conversions.units.clock import HOUR_MS
from reporting.rollup import Roller

MINUTE_MS = 60_000
RATE = 1_000
#: Of 100 hits, 3 are conversions and 12 are clicks; each conversion follows a click.
CONVERSIONS, TOUCHES = 3, 12


@dataclass
class Steady:
    """A site that gets RATE hits each second, and the cost of its rollups so far."""

    site: BenchSite
    now: int = START
    hits: int = 0
    rollups: int = 0
    cost: Cost = field(default_factory=lambda: Cost(0.0, 0.0))
    _hour: Hour = field(init=False)
    _roller: Roller = field(init=False)

    def __post_init__(self) -> None:
        self.site.divide(256)
        people = RATE * 3600 * TOUCHES // 100
        self._hour = Hour(self.site.key, self.site.goal, self.site.ads, START, people, TOUCHES // CONVERSIONS)
        self._roller = Roller(self.site.store, sequence, load_sites, lambda: 0, lambda: self.now)

    def minute(self) -> None:
        """Write the facts of a minute's hits, then roll up the marks that are due."""
        before, self.now = self.now, self.now + MINUTE_MS
        first, last = (self._hour.people * (at - START) // HOUR_MS for at in (before, self.now))
        self._hour.write(range(first, last))
        sequence.mark_buckets(self.site.key, [START])
        self.hits += RATE * 60
        cost = cost_of(self._tick)
        self.cost = Cost(self.cost.clock + cost.clock, self.cost.cpu + cost.cpu, self.cost.node + cost.node)

    def _tick(self) -> None:
        for noted in (self._roller.marked, self._roller.sums):
            for batch in self._roller.batches(noted(self.site.key, self.now)):
                self.rollups += len(self._roller.attempt(batch))
