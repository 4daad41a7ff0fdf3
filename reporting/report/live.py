"""Live: the counters of the open bucket -> what happened in this hour so far, approximate. Pure."""

from collections import Counter
from typing import Any

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import bucket_of, day_of
from conversions.units.micros import six_places
from reporting.report.query import Query
from tracker.collection.hit import iso


def read_live(store: Store, query: Query, site: SiteConfig, now: int) -> dict[str, Any] | None:
    """The live part of an answer; None where the query's days exclude now (ms). Raises StoreUnavailable."""
    if day_of(now, site.timezone) not in query:
        return None
    bucket = bucket_of(now, site.timezone)
    sums: Counter[str] = Counter()
    for count in store.read_counts(site.key, bucket):
        # Hits and clicks have no goal: they are the same for each.
        if not count.goal or query.goal in (None, count.goal):
            sums[count.metric] += count.amount
    counts = {metric: sums[metric] for metric in ("hits", "clicks", "conversions")}
    return {"since": iso(bucket), **counts, "value": six_places(sums["value"])}
