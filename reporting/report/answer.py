"""Answer: answers a query of the report API about one site, from the stored figures and the live counters."""

import logging
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from conversions.attribution.credit import LEARNED
from conversions.marks.days import DayEnd, note_days, read_tokens
from conversions.marks.marks import SUM, mark_parts
from conversions.rules.site import SiteConfig
from conversions.store.checksum import Damaged
from conversions.store.port import Store, StoreUnavailable
from conversions.verdicts.unrated import Unrated
from reporting.figures.days import ends_of
from reporting.report.costs import NoSpendRate
from reporting.report.learnt import describe_learnt
from reporting.report.live import read_live
from reporting.report.query import Query
from reporting.report.reading import DayReader, read_clicks, read_credit, starts_of
from reporting.report.report import report_of_cells
from reporting.report.report_answer import Previous, ReportAnswer
from reporting.report.rows import Report, plain_rows
from reporting.report.sealed import is_provisional, is_recounting, sealed_until
from reporting.report.spending import read_spend
from reporting.report.unrated import read_unrated
from tracker.collection.hit import iso, to_plain

logger = logging.getLogger(__name__)


class Figures(NamedTuple):
    """The figures of a range of days. `months`: the (goal uid, month) pairs of the report's conversions. `unrated` and
    `spend`: the amounts and the costs that are left out because their exchange rate is unknown."""

    report: Report
    months: set[tuple[str, str]]
    unrated: Unrated
    spend: NoSpendRate | UnsetType


def answer(store: Store, query: Query, site: SiteConfig, now: int) -> ReportAnswer:
    """Answer a query at `now` (ms). Raises Refusal, or one of the errors in `tracker.away.AWAY`."""
    sealed, recounting = sealed_until(query, site), is_recounting(site.key, now)
    report, months, unrated, spend = read_figures(store, query, site)
    previous = read_previous(store, query, site, sealed)
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
        spend=spend,
        previous=previous,
        next=report.next if query.page.limit or query.page.after else UNSET,
    )


def read_previous(store: Store, query: Query, site: SiteConfig, sealed: int) -> Previous | UnsetType:
    """Make the report of the earlier days with which the query's days are compared; UNSET if the query compares
    nothing. `sealed`: the instant (ms) before which figures are complete."""
    earlier = query.earlier()
    if earlier is None:
        return UNSET
    report, _, _, spend = read_figures(store, earlier, site)
    provisional = is_provisional(earlier, site, sealed)
    return Previous(
        first=earlier.first,
        last=earlier.last,
        rows=report.rows,
        unattributed=report.unattributed,
        totals=report.totals,
        provisional=provisional,
        spend=spend,
    )


def read_figures(store: Store, query: Query, site: SiteConfig) -> Figures:
    """Read the cells of a query's days, and add them up to a report. Raises Refusal, or one of the errors in
    `tracker.away.AWAY`."""
    reader, spend = open_reader(store, query, site), read_spend(query, site)
    cells = read_clicks(reader, query), read_credit(reader, query, site)
    try:
        report, months = report_of_cells(*cells, query, site, spend.sums if spend else None)
        unrated = read_unrated(reader, query, site)
    except Damaged as error:
        # Mark the damaged cell to be made again from the facts within a minute. An answer without this cell would be
        # wrong.
        logger.error("site %s: %s", site.key, error)
        bucket = error.cell.start
        mark_parts(site.key, [(bucket, SUM if site.parts.number_at(bucket) > 1 else 0)])
        raise StoreUnavailable("an hour's figures are damaged and will be made again") from error
    note_wrong_days(reader, site)
    return Figures(report, months, unrated, spend.note() if spend else UNSET)


def plain_answer(report: ReportAnswer, query: Query) -> dict[str, Any]:
    """Convert the answer to plain JSON types. In each row, the keys come first, in the order of the query's `by`."""
    plain = {**to_plain(msgspec.structs.replace(report, rows=[])), "rows": plain_rows(report.rows, query)}
    if report.previous is not UNSET:
        plain["previous"]["rows"] = plain_rows(report.previous.rows, query)
    return plain


def etag_of(report: ReportAnswer, query: Query) -> str:
    """Return a weak ETag of the answer, a hash of its content. Once all its figures are complete, the hash leaves out
    `sealed_until`, which still moves on."""
    may_change = report.provisional or (report.previous is not UNSET and report.previous.provisional)
    said = report if may_change else msgspec.structs.replace(report, sealed_until="")
    return f'W/"{blake2b(msgspec.json.encode((query.form, query.by, said)), digest_size=16).hexdigest()}"'


def open_reader(store: Store, query: Query, site: SiteConfig) -> DayReader:
    """Make the DayReader that reads the cells of a query's days, with the tokens of the marks on these days."""
    days = query.credit_days(site)
    starts = starts_of(days, site)
    return DayReader(store, site, days, read_tokens(site.key, starts[0], starts[-1]))


def note_wrong_days(reader: DayReader, site: SiteConfig) -> None:
    """If the reader found days with useless cells, put these days on the list of days to be made again. A day's cell is
    useless if it is damaged, or was made for other midnights than the day has now."""
    if reader.wrong:
        logger.warning("site %s: the cells of %s will be made again", site.key, ", ".join(sorted(reader.wrong)))
        note_days([DayEnd(site.key, day, ends_of(day, site).until) for day in reader.wrong])
