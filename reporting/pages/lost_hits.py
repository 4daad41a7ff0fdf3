"""Lost hits: reads how many hits of a site were refused or rejected, by code, for the page of tracking health."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Max, Q, Sum

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import DAY_MS, day_of
from reporting.wording.remedies import OTHERWISE, REFUSED, REJECTED, Remedy
from tracker.models import RefusedCount

#: Hits of this many days are counted.
DAYS = 30


class RefusedLine(NamedTuple):
    """The refused hits of one code. `latest`: the latest row with this code, which has a sample."""

    code: str
    hits: int
    sales: int
    latest: RefusedCount
    advice: str


class RejectedLine(NamedTuple):
    """The rejected hits of one code. `hits` is approximate."""

    code: str
    hits: int
    remedy: Remedy


def read_refused(site: SiteConfig, now: int) -> list[RefusedLine]:
    """Read how many hits of the site were refused in the last DAYS days: one line for each code, the largest first.
    `now`: ms."""
    today = date.fromisoformat(day_of(now, site.timezone))
    rows = RefusedCount.of_days(site.key, today - timedelta(days=DAYS - 1), today)
    sums = list(rows.order_by("code").values("code").annotate(Sum("hits"), Sum("sales"), Max("day")))
    last = Q(pk__in=[])
    for one in sums:
        last |= Q(code=one["code"], day=one["day__max"])
    samples = {row.code: row for row in rows.filter(last)}
    lines = [
        RefusedLine(code, one["hits__sum"], one["sales__sum"], samples[code], REFUSED.get(code, OTHERWISE))
        for one in sums
        if (code := one["code"]) in samples
    ]
    return sorted(lines, key=lambda line: -line.hits)


def read_rejected(store: Store, site: SiteConfig, now: int) -> list[RejectedLine]:
    """Read how many hits of the site were rejected in the last DAYS days: one line for each code. The lines that need
    care come first, the largest of them first. `now`: ms."""
    counts: Mapping[str, int] = store.read_rejected_counts(site.key, now - (DAYS - 1) * DAY_MS, now + 1)
    remedies: Mapping[str, Remedy] = dict(REJECTED.items())
    lines = [RejectedLine(code, hits, remedies[code]) for code, hits in counts.items() if code in remedies and hits > 0]
    return sorted(lines, key=lambda line: (line.remedy.harmless, -line.hits))
