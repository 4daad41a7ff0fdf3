"""Past: writes old facts of a site and of visitors. Each fact depends only on its number, because several processes
write them."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from conversions.facts.records import Conversion, Fact, Touch
from conversions.store import statements
from conversions.store.cassandra import CassandraStore
from conversions.units.clock import DAY_MS, HOUR_MS

#: The site's facts in each hour. At this rate it has ten million after 13 months.
FACTS_AN_HOUR = 1_053
#: A visitor mostly returns within this many facts.
RETURN = 1_000
#: How far timelines go back (ms). All their touches are in the goal's window.
WINDOW = 29 * DAY_MS
#: The size of requests while loading. They may be larger than a worker's, because nothing else uses the store.
BULK_ROWS, BULK_PARTITIONS, BULK_BYTES = 100, 60, 40_000


@dataclass(frozen=True)
class Past:
    """The facts of a site before the instant `now` (ms). `goal` is the goal's uid."""

    site: str
    goal: str
    now: int

    def write_site(self, numbers: range) -> int:
        """Write the site's facts with these numbers; return how many."""
        return write(self.site_facts(numbers))

    def write_timelines(self, size: int, visitors: range) -> int:
        """Write timelines of `size` touches for these visitors; return how many facts."""
        return write(self.timeline_facts(size, visitors))

    def site_facts(self, numbers: range) -> Iterator[Fact]:
        """Yield the site's facts with these numbers, backwards from `now`. One in 50 is a sale, and each visitor has
        about three."""
        rng = random.Random(numbers.start)
        for number in numbers:
            visitor = number // 3 + int(rng.expovariate(3 / RETURN))
            at = self.now - number * HOUR_MS // FACTS_AN_HOUR
            yield self.sale(visitor, at, number) if number % 50 == 0 else self.click(visitor, at, number)

    def timeline_facts(self, size: int, visitors: range) -> Iterator[Fact]:
        """Yield `size` clicks for each visitor, spread evenly over WINDOW."""
        for visitor in visitors:
            for number in range(size):
                yield self.click(visitor, self.now - number * WINDOW // size, visitor * size + number)

    def click(self, visitor: int, at: int, number: int) -> Touch:
        """Make a click on one of 20 campaigns."""
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
        """Make a sale with an order of its own."""
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
    """Return the id of a visitor by number."""
    return f"visitor-{number}"


@cache
def bulk_store() -> CassandraStore:
    """Return the store of a loading process, which sends large requests."""
    statements.BATCH_ROWS, statements.BATCH_PARTITIONS = BULK_ROWS, BULK_PARTITIONS
    statements.BATCH_BYTES = BULK_BYTES
    return CassandraStore()


def write(facts: Iterable[Fact]) -> int:
    """Write facts; return how many."""
    made = list(facts)
    bulk_store().add_facts(made)
    return len(made)
