"""Arrivals: reads from the live counters how many hits of a site have come in this hour and the hour before. Pure."""

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import bucket_of


def hits_lately(store: Store, site: SiteConfig, now: int) -> int:
    """Return the approximate number of the site's hits in the present hour and the hour before. `now`: ms. Raises
    StoreUnavailable."""
    bucket = bucket_of(now, site.timezone)
    buckets = (bucket, bucket_of(bucket - 1, site.timezone))
    counts = (count for one in buckets for count in store.read_counts(site.key, one))
    return sum(count.amount for count in counts if count.metric == "hits")
