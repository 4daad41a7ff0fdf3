"""The baseline's tables."""

# mypy: disable-error-code="misc"

from cassandra.cqlengine import columns
from cassandra.cqlengine.models import Model


class PlainTouch(Model):
    """A visitor's touches."""

    __table_name__ = "plain_touches"
    site = columns.Text(partition_key=True)
    visitor = columns.Text(partition_key=True)
    at = columns.BigInt(primary_key=True, clustering_order="DESC")
    hit = columns.Text(primary_key=True)
    ad = columns.Text()


class PlainCount(Model):
    """Clicks and conversions of an ad and day."""

    __table_name__ = "plain_counts"
    site = columns.Text(partition_key=True)
    day = columns.Text(primary_key=True)
    ad = columns.Text(primary_key=True)
    clicks = columns.Counter()
    conversions = columns.Counter()
