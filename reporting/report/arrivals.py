"""Arrivals: the live counters of this hour and the hour before -> how many hits have come. Pure."""

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import bucket_of


def hits_lately(store: Store, site: SiteConfig, now: int) -> int:
    """The approximate number of hits in the site's open bucket and in the bucket before, at `now` (ms). Raises
    StoreUnavailable."""
    bucket = bucket_of(now, site.timezone)
    buckets = (bucket, bucket_of(bucket - 1, site.timezone))
    counts = (count for one in buckets for count in store.read_counts(site.key, one))
    return sum(count.amount for count in counts if count.metric == "hits")
