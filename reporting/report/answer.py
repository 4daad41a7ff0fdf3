"""Answer: a query of one site -> the report API's answer, from rollups, with the live counters beside them."""

from collections.abc import Iterator
from typing import Any

from conversions.attribution.credit import LEARNED
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell, Store
from reporting.figures.cells import CLICKS
from reporting.report.learnt import Needed, noting, tell_learnt
from reporting.report.live import read_live
from reporting.report.query import Query
from reporting.report.report import make_report
from reporting.report.sealed import is_provisional, is_recounting, sealed_until
from reporting.report.unrated import read_unrated
from tracker.collection.hit import iso, to_plain

#: Days whose cells are in memory at once.
DAYS_AT_ONCE = 31


def answer(store: Store, query: Query, site: SiteConfig, now: int) -> dict[str, Any]:
    """The answer as plain JSON types. Raises Refusal and what a service that is away raises."""
    sealed, recounting = sealed_until(query, site), is_recounting(site.key, now)
    needed: set[Needed] = set()
    report = make_report(noting(read_cells(store, query, site), query, needed), query, site)
    return {
        "site": site.key,
        "timezone": site.timezone,
        "currency": site.currency,
        "model": query.model,
        "basis": query.basis,
        "rows": report.rows,
        "unattributed": report.unattributed,
        "totals": report.totals,
        "sealed_until": iso(sealed),
        "provisional": is_provisional(query, site, sealed),
        "live": read_live(store, query, site, now),
        "recounting": recounting,
        "set_aside": to_plain(read_unrated(store, query, site)),
        "fit": tell_learnt(store, site, needed) if query.model in LEARNED else None,
    }


def read_cells(store: Store, query: Query, site: SiteConfig) -> Iterator[Cell]:
    """The cells that the query's report is made of, some days at a time."""
    for model, days in ((CLICKS, query.days()), (query.model, query.credit_days(site))):
        for start in range(0, len(days), DAYS_AT_ONCE):
            yield from store.read_cells(site.key, [model], days[start : start + DAYS_AT_ONCE])
