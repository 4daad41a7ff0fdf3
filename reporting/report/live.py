"""Live: reads the live counters of the present hour, which a report shows besides its exact figures. Pure."""

from collections import Counter

import msgspec

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import bucket_of, day_of
from conversions.units.formats import Amount, Instant
from conversions.units.micros import six_places
from reporting.report.query import Query
from tracker.collection.hit import iso


class LiveHour(msgspec.Struct, frozen=True):
    """The approximate figures of the present hour so far. `since`: the start of the hour."""

    since: Instant
    hits: int
    clicks: int
    conversions: int
    value: Amount


def read_live(store: Store, query: Query, site: SiteConfig, now: int) -> LiveHour | None:
    """Read the live figures for a report; None if its days don't include the instant `now` (ms). Raises
    StoreUnavailable."""
    if day_of(now, site.timezone) not in query:
        return None
    bucket = bucket_of(now, site.timezone)
    sums: Counter[str] = Counter()
    for count in store.read_counts(site.key, bucket):
        # Counts of hits and clicks have no goal. These counts are shown in reports of one goal as well.
        if not count.goal or query.takes_goal(count.goal):
            sums[count.metric] += count.amount
    return LiveHour(iso(bucket), sums["hits"], sums["clicks"], sums["conversions"], six_places(sums["value"]))
