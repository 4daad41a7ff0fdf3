"""Refused: reads the counts of a site's refused hits, for `/api/rejected`."""

from datetime import date

import msgspec
from django.db.models import Sum

from conversions.api.answers import Refused, RefusedDay
from conversions.marks.ranges import Range
from tracker.collection.clock import local_day
from tracker.collection.sample import Sample
from tracker.models import RefusedCount, Site

#: An answer has at most this many rows, because each row has a sample.
MOST_DAYS = 100


def read_refused(site: Site, site_range: Range, code: str) -> Refused:
    """Read the counts of refused hits on the days of a range. `code`: only hits with this code; empty for all."""
    first, last = (date.fromordinal(local_day(at, site.timezone)) for at in (site_range.since, site_range.until - 1))
    rows = RefusedCount.of_days(site.key, first, last)
    chosen = rows.filter(code=code) if code else rows
    counts = rows.order_by("code").values_list("code").annotate(Sum("hits"))
    return Refused(dict(counts), [_day(row) for row in chosen[:MOST_DAYS]])


def _day(row: RefusedCount) -> RefusedDay:
    return RefusedDay(
        day=row.day.isoformat(),
        code=row.code,
        hits=row.hits,
        sales=row.sales,
        sample=msgspec.convert(row.sample, Sample),
    )
