"""Year: generates a year of a site: one batch of hits for each day, and what the ads cost."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import blake2b

import msgspec

from conversions.demo.hits import HitMaker
from conversions.demo.people import Visit, visits_of_day
from conversions.demo.regular import order_of_week
from conversions.demo.spending import spend_of_day
from conversions.spend.lines import SpendLine
from conversions.units.clock import day_of, day_start, days_between, next_day
from tracker.collection.hit import Batch, Hit, batch_id


class DemoYear(msgspec.Struct, frozen=True):
    """The data of a site from the day `first` to the instant `until` (ms). A later `until` gives more hits, and the
    earlier hits stay the same."""

    site: str
    timezone: str
    currency: str
    seed: int
    first: str
    until: int

    def days(self) -> list[str]:
        """List the days of the year, from `first` to the day of `until`."""
        return days_between(self.first, day_of(self.until - 1, self.timezone))

    def visits(self) -> Iterator[Visit]:
        """Generate all visits of the people whose first visit is on one of the days. Some of these visits are after
        `until`."""
        for day in map(date.fromisoformat, self.days()):
            yield from visits_of_day(self.seed, day)
            if order := order_of_week(self.seed, day):
                yield order

    def batches(self, visits: Sequence[Visit]) -> list[Batch]:
        """Make one batch for each day, in order. The batch has the hits that arrived on this day."""
        maker = HitMaker(self.site, self.timezone, self.seed)
        by_day: defaultdict[str, list[Hit]] = defaultdict(list)
        for hit in (hit for visit in visits for hit in maker.hits_of(visit)):
            if hit.received < self.until:
                by_day[day_of(hit.received, self.timezone)].append(hit)
        return [self._batch(day, by_day[day]) for day in self.days() if by_day[day]]

    def _batch(self, day: str, hits: list[Hit]) -> Batch:
        """Make the batch of a day. If `until` is after the end of the day, the batch's id is the same in every run."""
        closed_at = min(day_start(next_day(day), self.timezone), self.until) - 1
        nonce = blake2b(f"{self.site} {self.seed}".encode(), digest_size=8).hexdigest()
        return Batch(batch_id(closed_at, nonce), tuple(sorted(hits, key=lambda hit: (hit.received, hit.id))))

    def spend(self, visits: Sequence[Visit], first: str) -> dict[str, list[SpendLine]]:
        """Generate the spend of each whole day from the day `first` on, up to `until`. Returns source -> lines."""
        clicks = Counter((visit.day.isoformat(), visit.ad.key) for visit in visits if not visit.phoned)
        found: defaultdict[str, list[SpendLine]] = defaultdict(list)
        for day in self.days():
            if day >= first and day_start(next_day(day), self.timezone) <= self.until:
                for spent in spend_of_day(self.seed, date.fromisoformat(day), clicks):
                    found[spent.source].append(spent.line._replace(currency=self.currency))
        return dict(found)


def first_day(today: str, days: int) -> str:
    """Return the first of the last `days` days. Today is one of these days: with `days` = 2, this is yesterday."""
    return (date.fromisoformat(today) - timedelta(days=days - 1)).isoformat()
