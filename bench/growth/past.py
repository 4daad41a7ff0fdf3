"""The past: facts of a site or of visitors. Each is made from its number alone, for several processes write them."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from conversions.facts.records import Conversion, Fact, Touch
from conversions.store import cql
from conversions.store.cassandra import CassandraStore
from conversions.units.clock import DAY_MS, HOUR_MS

#: Facts of a site per hour. At this rate a site has ten million facts after 13 months.
FACTS_AN_HOUR = 1_053
#: A visitor mostly returns within this many facts of the site.
RETURN = 1_000
#: How far the timelines reach back. All of their touches are in the window.
WINDOW = 29 * DAY_MS
#: A load's requests may be larger than a worker's, because no reader shares the store with it.
BULK_ROWS, BULK_PARTITIONS, BULK_BYTES = 100, 60, 40_000


@dataclass(frozen=True)
class Past:
    """The facts of a site before an instant (ms). `goal` is the goal's uid."""

    site: str
    goal: str
    now: int

    def write_site(self, numbers: range) -> int:
        """Writes facts of the site. Returns how many."""
        return write(self.site_facts(numbers))

    def write_timelines(self, size: int, visitors: range) -> int:
        """Writes timelines of `size` touches each. Returns the number of facts."""
        return write(self.timeline_facts(size, visitors))

    def site_facts(self, numbers: range) -> Iterator[Fact]:
        """The site's facts, counted back from now. One in 50 is a sale, and visitors come about three times."""
        rng = random.Random(numbers.start)
        for number in numbers:
            visitor = number // 3 + int(rng.expovariate(3 / RETURN))
            at = self.now - number * HOUR_MS // FACTS_AN_HOUR
            yield self.sale(visitor, at, number) if number % 50 == 0 else self.click(visitor, at, number)

    def timeline_facts(self, size: int, visitors: range) -> Iterator[Fact]:
        """`size` clicks for each visitor, spread evenly over the window."""
        for visitor in visitors:
            for number in range(size):
                yield self.click(visitor, self.now - number * WINDOW // size, visitor * size + number)

    def click(self, visitor: int, at: int, number: int) -> Touch:
        """A click on one of some campaigns."""
        return Touch(
            site=self.site,
            visitor=visitor_id(visitor),
            kind="click",
            at=at,
            hit=f"past-click-{number}",
            source="google",
            medium="cpc",
            campaign=f"campaign-{number % 20}",
            bucket=at - at % HOUR_MS,
            batch="past",
        )

    def sale(self, visitor: int, at: int, number: int) -> Conversion:
        """A sale with its own order."""
        return Conversion(
            site=self.site,
            visitor=visitor_id(visitor),
            at=at,
            hit=f"past-sale-{number}",
            goal=self.goal,
            version=1,
            order=f"past-order-{number}",
            value=29_900_000,
            bucket=at - at % HOUR_MS,
            batch="past",
        )


def visitor_id(number: int) -> str:
    """A visitor's id."""
    return f"visitor-{number}"


@cache
def bulk_store() -> CassandraStore:
    """The store of a loading process."""
    cql.BATCH_ROWS, cql.BATCH_PARTITIONS, cql.BATCH_BYTES = BULK_ROWS, BULK_PARTITIONS, BULK_BYTES
    return CassandraStore()


def write(facts: Iterable[Fact]) -> int:
    """Writes facts. Returns how many."""
    made = list(facts)
    bulk_store().add_facts(made)
    return len(made)
