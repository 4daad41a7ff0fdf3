"""Rows: converts the sums of a report to rows, unattributed amounts and totals. Amounts become decimal texts such as
"12.500000". Pure."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.filters.filters import AD_KEYS
from conversions.units.formats import Amount, Day, Instant
from conversions.units.micros import six_places
from reporting.report.costs import COLUMNS, WIDTH, Cost, PerClick, PerConversion, Profit, Return, Shown, cost_columns
from reporting.report.paging import Key
from reporting.report.query import Query

#: [clicks, views, then conversions and money of each model in micros, then the numbers of spend if costs are shown].
Sum = list[int]


class Line(NamedTuple):
    """The sums of a row. `own`: what ads get credit for. `unattributed`: what no ad gets credit for; None if the rows
    are by ad."""

    own: Sum
    unattributed: Sum | None = None


class Earned(msgspec.Struct, frozen=True):
    """A number of conversions and their value."""

    conversions: Amount
    value: Amount


class ModelEarned(msgspec.Struct, frozen=True):
    """A number of conversions and their value, under one of the report's models."""

    conversions: Amount
    value: Amount
    difference: Annotated[Earned, Meta(description="The difference from the amounts under `last`.")]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """What a row is for, such as an ad and a day. Only the keys in the parameter `by` are set."""

    ad: Annotated[str | UnsetType, Meta(description="Only in reports by ad.")] = UNSET
    campaign: Annotated[str | UnsetType, Meta(description="Only in reports by campaign.")] = UNSET
    channel: Annotated[str | UnsetType, Meta(description="Only in reports by channel.")] = UNSET
    source: Annotated[str | UnsetType, Meta(description="Only in reports by source.")] = UNSET
    medium: Annotated[str | UnsetType, Meta(description="Only in reports by medium.")] = UNSET
    network: Annotated[str | UnsetType, Meta(description="Only in reports by network.")] = UNSET
    goal: Annotated[str | UnsetType, Meta(description="Only in reports by goal.")] = UNSET
    day: Annotated[Day | UnsetType, Meta(description="Only in reports by day.")] = UNSET
    week: Annotated[str | UnsetType, Meta(description="Only in reports by week: the ISO week, 2026-W48.")] = UNSET
    month: Annotated[str | UnsetType, Meta(description="Only in reports by month.")] = UNSET
    hour: Annotated[Instant | UnsetType, Meta(description="Only in reports by hour.")] = UNSET


class ReportRow(Keys, frozen=True, kw_only=True):
    """A row of a report: its keys, such as an ad and a day, and its figures."""

    configured: Annotated[
        bool | UnsetType, Meta(description="Only in reports by ad: whether `ad` is a configured ad's key.")
    ] = UNSET
    clicks: Annotated[int | None, Meta(description="Null in reports by goal.")]
    views: Annotated[int | None, Meta(description="Null in reports by goal.")]
    conversions: Amount
    value: Amount
    unattributed: Annotated[
        Earned | UnsetType,
        Meta(description="The conversions of the row for which no ad gets credit. Only if `by` has no key of an ad."),
    ] = UNSET
    models: Annotated[
        dict[str, ModelEarned] | UnsetType, Meta(description="Only with `models`: the amounts under each model.")
    ] = UNSET
    cost: Cost = UNSET
    impressions: Shown = UNSET
    network_clicks: Shown = UNSET
    cpc: PerClick = UNSET
    cost_per_conversion: PerConversion = UNSET
    roas: Return = UNSET
    profit: Profit = UNSET


class UnattributedRow(Keys, frozen=True, kw_only=True):
    """The conversions for which no ad gets credit, by a key that doesn't describe an ad, such"
    " as a goal or a day."""

    conversions: Amount
    value: Amount


class Unattributed(msgspec.Struct, frozen=True):
    """All conversions of the report for which no ad gets credit."""

    conversions: Amount
    value: Amount
    rows: Annotated[
        list[UnattributedRow] | UnsetType,
        Meta(
            description="Only if `by` has keys of ads and other keys: the unattributed conversions by the other keys."
        ),
    ] = UNSET


class Totals(msgspec.Struct, frozen=True):
    """The sums of all rows of the report and of its unattributed conversions."""

    clicks: int
    views: int
    conversions: Amount
    value: Amount
    models: Annotated[
        dict[str, ModelEarned] | UnsetType, Meta(description="Only with `models`: the sums under each model.")
    ] = UNSET
    cost: Cost = UNSET
    impressions: Shown = UNSET
    network_clicks: Shown = UNSET
    cpc: PerClick = UNSET
    cost_per_conversion: PerConversion = UNSET
    roas: Return = UNSET
    profit: Profit = UNSET


class Report(msgspec.Struct, frozen=True):
    """The exact figures of a report. `next`: the position after which the next page of rows begins; None on the last
    page."""

    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    next: str | None = None


def column_names(query: Query) -> list[str]:
    """Return the names of the columns of the report's rows, in order: first the keys in `by`, then the figures."""
    configured = ["configured"] if "ad" in query.by else []
    unattributed = [] if set(query.by) & set(AD_KEYS) else ["unattributed"]
    models = ["models"] if query.models else []
    spend = COLUMNS if query.spend else ()
    return [*query.by, *configured, "clicks", "views", "conversions", "value", *unattributed, *models, *spend]


def row(key: Key, line: Line, query: Query) -> ReportRow:
    """Make a row of a report from its key and its sums. In reports by goal, clicks and views are null, because a click
    belongs to no goal."""
    by_goal = "goal" in query.by
    return ReportRow(
        **dict(zip(query.by, key, strict=False)),
        configured=not key[-1] if "ad" in query.by else UNSET,
        clicks=None if by_goal else line.own[0],
        views=None if by_goal else line.own[1],
        conversions=six_places(line.own[2]),
        value=six_places(line.own[3]),
        unattributed=UNSET if line.unattributed is None else Earned(*map(six_places, line.unattributed[2:4])),
        models=by_model(line.own, query),
        **spend_columns(line.own, query),
    )


def spend_columns(total: Sum, query: Query) -> dict[str, Any]:
    """Return the columns of spend for a row; {} if the report doesn't show costs."""
    if not query.spend:
        return {}
    cost, impressions, clicks = total[-WIDTH:]
    return cost_columns(cost, impressions, clicks, conversions=total[2], value=total[3])


def by_model(total: Sum, query: Query) -> dict[str, ModelEarned] | UnsetType:
    """Return conversions and value under each of the models that are shown side by side, with their difference from the
    model `last`; UNSET if only one model is shown."""
    if not query.models:
        return UNSET
    last = query.column_of("last")
    found = {}
    for model in query.models:
        own = query.column_of(model)
        more = Earned(six_places(total[own] - total[last]), six_places(total[own + 1] - total[last + 1]))
        found[model] = ModelEarned(six_places(total[own]), six_places(total[own + 1]), more)
    return found


def unattributed_of(total: Sum, rows: list[UnattributedRow] | None) -> Unattributed:
    """Make the amounts that no ad gets credit for, from their total and their rows. They are the same under every
    model."""
    return Unattributed(six_places(total[2]), six_places(total[3]), UNSET if rows is None else rows)


def unattributed_rows(sums: Mapping[Key, Sum], query: Query) -> list[UnattributedRow] | None:
    """Make the rows of the conversions that no ad gets credit for. The rows have those keys of `query.by` that don't
    describe ads, such as day or goal. Return None if all keys of the query describe ads, or if no key does."""
    names = [name for name in query.by if name not in AD_KEYS]
    if len(names) in (0, len(query.by)):
        return None
    return [
        UnattributedRow(
            **dict(zip(names, key, strict=True)),
            conversions=six_places(sums[key][2]),
            value=six_places(sums[key][3]),
        )
        for key in sorted(sums)
    ]


def totals_of(total: Sum, query: Query) -> Totals:
    """Make the totals of a report from `total`, the sums of all its rows and unattributed amounts."""
    return Totals(
        total[0],
        total[1],
        six_places(total[2]),
        six_places(total[3]),
        by_model(total, query),
        **spend_columns(total, query),
    )


def flat_names(query: Query) -> list[str]:
    """Return the names of the report's columns in CSV. There a nested column becomes several:
    `unattributed.conversions` and `unattributed.value`."""
    amounts = ("conversions", "value")
    parts = {
        "unattributed": [f"unattributed.{name}" for name in amounts],
        "models": [
            f"models.{model}.{part}{name}" for model in query.models for part in ("", "difference.") for name in amounts
        ],
    }
    return [column for name in column_names(query) for column in parts.get(name, [name])]


def plain_rows(rows: Iterable[ReportRow], query: Query) -> list[dict[str, Any]]:
    """Convert rows to plain JSON types. In each row, the keys come first, in the order of `by`."""
    names = column_names(query)
    return [{name: row[name] for name in names} for row in msgspec.to_builtins(list(rows))]
