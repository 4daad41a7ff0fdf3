"""Tables: the tables of the Cassandra store. `manage.py prepare` makes them."""

# mypy: disable-error-code="misc"

from cassandra.cqlengine import columns
from cassandra.cqlengine.models import Model


class Timeline(Model):
    """The touches, conversions and links of a visitor, sorted by kind and time. The rows of one kind in a span of time,
    such as the conversions after a touch, are next to each other and are read at once."""

    __table_name__ = "timeline"
    site = columns.Text(partition_key=True)
    visitor = columns.Text(partition_key=True)
    kind = columns.Text(primary_key=True)
    at = columns.BigInt(primary_key=True)
    hit = columns.Text(primary_key=True)
    digest = columns.Text(primary_key=True)
    body = columns.Blob()


class Ledger(Model):
    """The touches and conversions of a bucket (an hour). The rows of each part of the bucket are one partition."""

    __table_name__ = "ledger_parts"
    site = columns.Text(partition_key=True)
    bucket = columns.BigInt(partition_key=True)
    part = columns.SmallInt(partition_key=True)
    kind = columns.Text(primary_key=True)
    hit = columns.Text(primary_key=True)
    digest = columns.Text(primary_key=True)
    body = columns.Blob()


class Claims(Model):
    """The conversions and adjustments with one dedupe key (claim). Each conversion is also stored under its hit id."""

    __table_name__ = "claims"
    site = columns.Text(partition_key=True)
    claim = columns.Text(partition_key=True)
    kind = columns.Text(primary_key=True)
    goal = columns.Text(primary_key=True)
    version = columns.Integer(primary_key=True)
    at = columns.BigInt(primary_key=True)
    hit = columns.Text(primary_key=True)
    digest = columns.Text(primary_key=True)
    body = columns.Blob()


class Carried(Model):
    """The touches that have a click id, and the conversions that name this id. The rows of each kind are sorted by
    time."""

    __table_name__ = "carried"
    site = columns.Text(partition_key=True)
    click = columns.Text(partition_key=True)
    kind = columns.Text(primary_key=True)
    at = columns.BigInt(primary_key=True)
    hit = columns.Text(primary_key=True)
    digest = columns.Text(primary_key=True)
    body = columns.Blob()


class LinkedSets(Model):
    """The linked sets: the visitors of a user, the users of a visitor, and the conversions that name a click id."""

    __table_name__ = "linked"
    site = columns.Text(partition_key=True)
    key = columns.Text(partition_key=True)
    other = columns.Text(primary_key=True)


class Counters(Model):
    """The live counters of a bucket (an hour)."""

    __table_name__ = "counters"
    site = columns.Text(partition_key=True)
    bucket = columns.BigInt(partition_key=True)
    goal = columns.Text(primary_key=True)
    ad = columns.Text(primary_key=True)
    metric = columns.Text(primary_key=True)
    amount = columns.Counter()


class Cells(Model):
    """The cells (stored figures). Each cell is written under a token. The write with the greatest token wins."""

    __table_name__ = "cells"
    site = columns.Text(partition_key=True)
    model = columns.Text(partition_key=True)
    page = columns.Text(partition_key=True)
    start = columns.BigInt(primary_key=True)
    key = columns.Text(primary_key=True)
    body = columns.Blob()


class Rejected(Model):
    """The rejected hits of an hour (UTC), up to the daily cap of the site."""

    __table_name__ = "rejected"
    site = columns.Text(partition_key=True)
    hour = columns.BigInt(partition_key=True)
    at = columns.BigInt(primary_key=True, clustering_order="DESC")
    hit = columns.Text(primary_key=True)
    code = columns.Text(primary_key=True)
    field = columns.Text(primary_key=True)
    body = columns.Blob()


class RejectedCounts(Model):
    """How many hits of a UTC day were rejected for each reason."""

    __table_name__ = "rejected_counts"
    site = columns.Text(partition_key=True)
    day = columns.BigInt(partition_key=True)
    code = columns.Text(primary_key=True)
    amount = columns.Counter()


TABLES = (Timeline, Ledger, Claims, Carried, LinkedSets, Counters, Cells, Rejected, RejectedCounts)
#: Tables of earlier versions, which are dropped. The figures in `rollups` are made again after `release`. A replay
#: makes the facts in `ledger` again.
DROPPED = ("rollups", "ledger")
