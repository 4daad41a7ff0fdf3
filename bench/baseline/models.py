"""The Cassandra tables of the baseline."""

# mypy: disable-error-code="misc"

from cassandra.cqlengine import columns
from cassandra.cqlengine.models import Model


class PlainTouch(Model):
    """The clicks of a visitor, newest first."""

    __table_name__ = "plain_touches"
    site = columns.Text(partition_key=True)
    visitor = columns.Text(partition_key=True)
    at = columns.BigInt(primary_key=True, clustering_order="DESC")
    hit = columns.Text(primary_key=True)
    ad = columns.Text()


class PlainCount(Model):
    """The numbers of clicks and conversions by site, day and ad."""

    __table_name__ = "plain_counts"
    site = columns.Text(partition_key=True)
    day = columns.Text(primary_key=True)
    ad = columns.Text(primary_key=True)
    clicks = columns.Counter()
    conversions = columns.Counter()
