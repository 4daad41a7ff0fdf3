"""Report: the cells of a query's days -> rows, what is unattributed, and totals that both add up to. Pure.

Amounts are whole numbers until the end, so nothing is lost: rows and unattributed equal the totals to the last micro.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.facts.ad_names import AdName
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.formats import Amount, Day, Instant
from conversions.units.micros import six_places
from reporting.report.contributions import Contribution, Sum, contributions
from reporting.report.query import Query
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

#: More rows than this are no report that anybody reads, and too much to answer with.
MAX_ROWS = 100_000
#: Whose touches named no campaign.
NO_CAMPAIGN = "(none)"


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a report: the keys by which it is grouped, and its figures."""

    ad: Annotated[str | UnsetType, Meta(description="Where grouped by ad.")] = UNSET
    campaign: Annotated[str | UnsetType, Meta(description="Where grouped by campaign.")] = UNSET
    goal: Annotated[str | UnsetType, Meta(description="Where grouped by goal.")] = UNSET
    day: Annotated[Day | UnsetType, Meta(description="Where grouped by day.")] = UNSET
    hour: Annotated[Instant | UnsetType, Meta(description="Where grouped by hour.")] = UNSET
    configured: Annotated[
        bool | UnsetType, Meta(description="Where grouped by ad: whether it is a configured ad's key.")
    ] = UNSET
    clicks: Annotated[int | None, Meta(description="Null where grouped by goal.")]
    views: Annotated[int | None, Meta(description="Null where grouped by goal.")]
    conversions: Amount
    value: Amount


class Unattributed(msgspec.Struct, frozen=True):
    """Conversions that no ad gets."""

    conversions: Amount
    value: Amount


class Totals(msgspec.Struct, frozen=True):
    """All of the rows and what is unattributed."""

    clicks: int
    views: int
    conversions: Amount
    value: Amount


class Report(msgspec.Struct, frozen=True):
    """The exact part of an answer."""

    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals


def make_report(cells: Iterable[Cell], query: Query, site: SiteConfig) -> Report:
    """The report of a query from the cells of its days, those of `query.credit_days` too. Raises Refusal."""
    place = placing(query, site)
    rows: dict[tuple[Any, ...], Sum] = {}
    unattributed, totals = Sum(), Sum()
    for one in contributions(cells, query):
        totals.add(one)
        if one.ad is None:
            unattributed.add(one)
        elif one.goal is not None or "goal" not in query.by:
            rows.setdefault(place(one, one.ad), Sum()).add(one)
            check_size(rows)
    return Report(
        rows=[row(key, rows[key], query) for key in sorted(rows) if rows[key]],
        unattributed=Unattributed(six_places(unattributed.credit), six_places(unattributed.value)),
        totals=Totals(totals.clicks, totals.views, six_places(totals.credit), six_places(totals.value)),
    )


def placing(query: Query, site: SiteConfig) -> Callable[[Contribution, AdName], tuple[Any, ...]]:
    """Into which row an one goes: its `by` keys and, by ad, whether its name is a configured ad's.

    An unconfigured name may be the same text as an ad's key; configured ones come first.
    """
    names = {goal.uid: goal.key for goal in site.goals}
    readers: Mapping[str, Callable[[Contribution, AdName], str]] = {
        "ad": lambda _, ad: ad.ad,
        "campaign": lambda _, ad: ad.campaign or NO_CAMPAIGN,
        "goal": lambda one, _: names.get(one.goal or "", one.goal or ""),
        "day": lambda one, _: one.day,
        "hour": lambda one, _: iso(one.bucket),
    }
    wanted = [readers[key] for key in query.by]
    if "ad" in query.by:
        return lambda one, ad: (*(read(one, ad) for read in wanted), not ad.configured)
    return lambda one, ad: tuple(read(one, ad) for read in wanted)


def check_size(rows: Mapping[tuple[Any, ...], Sum]) -> None:
    """Refuses a report that would be too long. Raises Refusal."""
    if len(rows) > MAX_ROWS:
        detail = f"The report has more than {MAX_ROWS} rows; take fewer keys or a shorter range."
        raise Refusal(400, "too_many_rows", detail, "by")


def columns(query: Query) -> list[str]:
    """The columns of a report's rows, in order."""
    configured = ["configured"] if "ad" in query.by else []
    return [*query.by, *configured, "clicks", "views", "conversions", "value"]


def row(key: tuple[Any, ...], total: Sum, query: Query) -> ReportRow:
    """One row of a report. By goal, clicks and views are null: no click belongs to a goal."""
    by_goal = "goal" in query.by
    return ReportRow(
        **dict(zip(query.by, key, strict=False)),
        configured=not key[-1] if "ad" in query.by else UNSET,
        clicks=None if by_goal else total.clicks,
        views=None if by_goal else total.views,
        conversions=six_places(total.credit),
        value=six_places(total.value),
    )


def plain_rows(rows: Iterable[ReportRow], query: Query) -> list[dict[str, Any]]:
    """Rows by their columns, in the order of `by`."""
    names = columns(query)
    return [{name: getattr(row, name) for name in names} for row in rows]
