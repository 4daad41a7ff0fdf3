"""Answer: a query of one site -> the report API's answer, from rollups and live counters."""

import logging
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from conversions.attribution.credit import LEARNED, MODELS
from conversions.marks.days import DayEnd, note_days, read_tokens
from conversions.marks.marks import SUM, mark_parts
from conversions.rules.site import SiteConfig
from conversions.store.checksum import Damaged
from conversions.store.port import Store, StoreUnavailable
from conversions.units.formats import Instant
from conversions.verdicts.unrated import Unrated
from reporting.figures.days import ends_of
from reporting.report.learnt import LearntMonths, describe_learnt
from reporting.report.live import LiveHour, read_live
from reporting.report.query import Basis, Query
from reporting.report.reading import DayReader, read_clicks, read_credit, starts_of
from reporting.report.report import make_report
from reporting.report.rows import ReportRow, Totals, Unattributed, plain_rows
from reporting.report.sealed import is_provisional, is_recounting, sealed_until
from reporting.report.unrated import read_unrated
from tracker.collection.hit import iso, to_plain

logger = logging.getLogger(__name__)


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The conversions of each ad, and until when they are final."""

    site: str
    timezone: str
    currency: str
    model: Annotated[str, Meta(extra_json_schema={"enum": list(MODELS)})]
    basis: Basis
    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    sealed_until: Annotated[Instant, Meta(description="Figures before this instant are complete.")]
    provisional: Annotated[bool, Meta(description="Whether the range ends after `sealed_until`.")]
    live: Annotated[
        LiveHour | None, Meta(description="The open hour so far, approximate; null if the range excludes now.")
    ]
    recounting: Annotated[
        bool,
        Meta(
            description="Whether old figures are being made again, after a change of the configuration or by a replay."
        ),
    ]
    unrated: Annotated[Unrated, Meta(description="Values that are left out of these days' conversions, by reason.")] = (
        msgspec.field(name="set_aside")
    )
    fit: Annotated[
        LearntMonths | None, Meta(description="The fits that credit rests on; null for models that aren't data-driven.")
    ]


def answer(store: Store, query: Query, site: SiteConfig, now: int) -> ReportAnswer:
    """Answer a query. Raises Refusal, and what `tracker.away.AWAY` names."""
    sealed, recounting = sealed_until(query, site), is_recounting(site.key, now)
    reader = open_reader(store, query, site)
    try:
        report, months = make_report(read_clicks(reader, query), read_credit(reader, query, site), query, site)
        unrated = read_unrated(reader, query, site)
    except Damaged as error:
        # Mark the cell: beat then makes it again from the facts within a minute. An answer without the cell would be
        # wrong.
        logger.error("site %s: %s", site.key, error)
        bucket = error.cell.start
        mark_parts(site.key, [(bucket, SUM if site.parts.number_at(bucket) > 1 else 0)])
        raise StoreUnavailable("an hour's figures are damaged and will be made again") from error
    note_wrong_days(reader, site)
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
        unrated=unrated,
        fit=describe_learnt(store, site, months) if set(query.all_models()) & set(LEARNED) else None,
    )


def plain_answer(report: ReportAnswer, query: Query) -> dict[str, Any]:
    """Turn the answer into plain JSON types, with the keys of rows in the order of `by`."""
    return {**to_plain(msgspec.structs.replace(report, rows=[])), "rows": plain_rows(report.rows, query)}


def open_reader(store: Store, query: Query, site: SiteConfig) -> DayReader:
    """Open the reader of a query's cells."""
    days = query.credit_days(site)
    starts = starts_of(days, site)
    return DayReader(store, site, days, read_tokens(site.key, starts[0], starts[-1]))


def note_wrong_days(reader: DayReader, site: SiteConfig) -> None:
    """Put on the list of stale days each day whose own cell was damaged or made between other midnights. Beat then
    makes these cells again."""
    if reader.wrong:
        logger.warning("site %s: the cells of %s will be made again", site.key, ", ".join(sorted(reader.wrong)))
        note_days([DayEnd(site.key, day, ends_of(day, site).until) for day in reader.wrong])
