"""Answer: a query of one site -> the report API's answer, from rollups, with the live counters beside them."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from conversions.attribution.credit import LEARNED, MODELS
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell, Store
from conversions.units.formats import Instant
from conversions.verdicts.unrated import Unrated
from reporting.figures.cells import CLICKS
from reporting.report.learnt import LearntMonths, Needed, describe_learnt, noting
from reporting.report.live import LiveHour, read_live
from reporting.report.query import Basis, Query
from reporting.report.report import ReportRow, Totals, Unattributed, make_report, plain_rows
from reporting.report.sealed import is_provisional, is_recounting, sealed_until
from reporting.report.unrated import read_unrated
from tracker.collection.hit import iso, to_plain

#: Days whose cells are in memory at once.
DAYS_AT_ONCE = 31


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Which ads brought which conversions, and how far that is final."""

    site: str
    timezone: str
    currency: str
    model: Annotated[str, Meta(extra_json_schema={"enum": list(MODELS)})]
    basis: Basis
    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    sealed_until: Annotated[Instant, Meta(description="Everything before is complete.")]
    provisional: Annotated[bool, Meta(description="Whether the range reaches past that.")]
    live: Annotated[
        LiveHour | None, Meta(description="The open hour so far, approximate; null where the range excludes now.")
    ]
    recounting: Annotated[
        bool,
        Meta(
            description="Whether old figures are being made again, after a change of the configuration or by a replay."
        ),
    ]
    unrated: Annotated[
        Unrated, Meta(description="By reason, what the value of these days' conversions leaves out.")
    ] = msgspec.field(name="set_aside")
    fit: Annotated[LearntMonths | None, Meta(description="Of the data-driven models; null of the others.")]


def answer(store: Store, query: Query, site: SiteConfig, now: int) -> ReportAnswer:
    """The answer. Raises Refusal and what a service that is away raises."""
    sealed, recounting = sealed_until(query, site), is_recounting(site.key, now)
    needed: set[Needed] = set()
    report = make_report(noting(read_cells(store, query, site), query, needed), query, site)
    return ReportAnswer(
        site=site.key,
        timezone=site.timezone,
        currency=site.currency,
        model=query.model,
        basis=query.basis,
        rows=report.rows,
        unattributed=report.unattributed,
        totals=report.totals,
        sealed_until=iso(sealed),
        provisional=is_provisional(query, site, sealed),
        live=read_live(store, query, site, now),
        recounting=recounting,
        unrated=read_unrated(store, query, site),
        fit=describe_learnt(store, site, needed) if query.model in LEARNED else None,
    )


def plain_answer(report: ReportAnswer, query: Query) -> dict[str, Any]:
    """The answer as plain JSON types, with the keys of rows in the order of `by`."""
    return {**to_plain(msgspec.structs.replace(report, rows=[])), "rows": plain_rows(report.rows, query)}


def read_cells(store: Store, query: Query, site: SiteConfig) -> Iterator[Cell]:
    """The cells that the query's report is made of, some days at a time."""
    for model, days in ((CLICKS, query.days()), (query.model, query.credit_days(site))):
        for start in range(0, len(days), DAYS_AT_ONCE):
            yield from store.read_cells(site.key, [model], days[start : start + DAYS_AT_ONCE])
