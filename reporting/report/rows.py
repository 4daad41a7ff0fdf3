"""Rows: the sums of a report -> its rows, unattributed amounts and totals, with amounts as texts. Pure."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.units.formats import Amount, Day, Instant
from conversions.units.micros import six_places
from reporting.report.costs import COLUMNS, WIDTH, Cost, PerClick, PerConversion, Profit, Return, Shown, cost_columns
from reporting.report.paging import Key
from reporting.report.query import AD_KEYS, Query

#: Clicks and views; then for each model micros of conversions and of money; then what was spent, if it is asked for.
Sum = list[int]


class Line(NamedTuple):
    """The sums of a row: what ads got, and what is unattributed; None if the row has a key of an ad."""

    own: Sum
    lost: Sum | None = None


class Earned(msgspec.Struct, frozen=True):
    """An amount of conversions and of money."""

    conversions: Amount
    value: Amount


class ModelEarned(msgspec.Struct, frozen=True):
    """What one of several models gives."""

    conversions: Amount
    value: Amount
    difference: Annotated[Earned, Meta(description="How much more this is than under `last`.")]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys by which a row is grouped."""

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
    """One row of a report: its keys, and its figures."""

    configured: Annotated[
        bool | UnsetType, Meta(description="Only in reports by ad: whether `ad` is a configured ad's key.")
    ] = UNSET
    clicks: Annotated[int | None, Meta(description="Null in reports by goal.")]
    views: Annotated[int | None, Meta(description="Null in reports by goal.")]
    conversions: Amount
    value: Amount
    unattributed: Annotated[
        Earned | UnsetType, Meta(description="What no ad got, beside the rest; only if no key is an ad's.")
    ] = UNSET
    models: Annotated[
        dict[str, ModelEarned] | UnsetType, Meta(description="Only with `models`: the amounts under each of them.")
    ] = UNSET
    cost: Cost = UNSET
    impressions: Shown = UNSET
    network_clicks: Shown = UNSET
    cpc: PerClick = UNSET
    cost_per_conversion: PerConversion = UNSET
    roas: Return = UNSET
    profit: Profit = UNSET


class UnattributedRow(Keys, frozen=True, kw_only=True):
    """What no ad got, by the keys of the report that no ad has."""

    conversions: Amount
    value: Amount


class Unattributed(msgspec.Struct, frozen=True):
    """Conversions without credit to any ad."""

    conversions: Amount
    value: Amount
    rows: Annotated[
        list[UnattributedRow] | UnsetType,
        Meta(description="The same by the other keys; only if some keys are an ad's and others not."),
    ] = UNSET


class Totals(msgspec.Struct, frozen=True):
    """The sums of all rows and of the unattributed conversions."""

    clicks: int
    views: int
    conversions: Amount
    value: Amount
    models: Annotated[
        dict[str, ModelEarned] | UnsetType, Meta(description="Only with `models`: the sums under each of them.")
    ] = UNSET
    cost: Cost = UNSET
    impressions: Shown = UNSET
    network_clicks: Shown = UNSET
    cpc: PerClick = UNSET
    cost_per_conversion: PerConversion = UNSET
    roas: Return = UNSET
    profit: Profit = UNSET


class Report(msgspec.Struct, frozen=True):
    """The exact part of an answer. `next`: where the next page begins; None if there is none."""

    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    next: str | None = None


def column_names(query: Query) -> list[str]:
    """The columns of a report's rows, in order."""
    configured = ["configured"] if "ad" in query.by else []
    unattributed = [] if set(query.by) & set(AD_KEYS) else ["unattributed"]
    models = ["models"] if query.models else []
    spend = COLUMNS if query.spend else ()
    return [*query.by, *configured, "clicks", "views", "conversions", "value", *unattributed, *models, *spend]


def row(key: Key, line: Line, query: Query) -> ReportRow:
    """Make one row of a report. By goal, clicks and views are null, because no click belongs to a goal."""
    by_goal = "goal" in query.by
    return ReportRow(
        **dict(zip(query.by, key, strict=False)),
        configured=not key[-1] if "ad" in query.by else UNSET,
        clicks=None if by_goal else line.own[0],
        views=None if by_goal else line.own[1],
        conversions=six_places(line.own[2]),
        value=six_places(line.own[3]),
        unattributed=UNSET if line.lost is None else Earned(*map(six_places, line.lost[2:4])),
        models=by_model(line.own, query),
        **spend_columns(line.own, query),
    )


def spend_columns(total: Sum, query: Query) -> dict[str, Any]:
    """The columns of spend, if the query asks for them."""
    if not query.spend:
        return {}
    cost, impressions, clicks = total[-WIDTH:]
    return cost_columns(cost, impressions, clicks, conversions=total[2], value=total[3])


def by_model(total: Sum, query: Query) -> dict[str, ModelEarned] | UnsetType:
    """The amounts under each of several models, and their differences from `last`."""
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
    """What is unattributed; every model leaves the same."""
    return Unattributed(six_places(total[2]), six_places(total[3]), UNSET if rows is None else rows)


def lost_rows(lost: Mapping[Key, Sum], query: Query) -> list[UnattributedRow] | None:
    """What is unattributed, by the keys that no ad has; None if all keys are of one kind."""
    names = [name for name in query.by if name not in AD_KEYS]
    if len(names) in (0, len(query.by)):
        return None
    return [
        UnattributedRow(
            **dict(zip(names, key, strict=True)),
            conversions=six_places(lost[key][2]),
            value=six_places(lost[key][3]),
        )
        for key in sorted(lost)
    ]


def totals_of(total: Sum, query: Query) -> Totals:
    """The sums of a report."""
    return Totals(
        total[0],
        total[1],
        six_places(total[2]),
        six_places(total[3]),
        by_model(total, query),
        **spend_columns(total, query),
    )


def flat_names(query: Query) -> list[str]:
    """The columns of a report as a table: a row's parts have columns of their own, such as `unattributed.value`."""
    amounts = ("conversions", "value")
    parts = {
        "unattributed": [f"unattributed.{name}" for name in amounts],
        "models": [
            f"models.{model}.{part}{name}" for model in query.models for part in ("", "difference.") for name in amounts
        ],
    }
    return [column for name in column_names(query) for column in parts.get(name, [name])]


def plain_rows(rows: Iterable[ReportRow], query: Query) -> list[dict[str, Any]]:
    """Turn rows into plain JSON types, with the keys in the order of `by`."""
    names = column_names(query)
    return [{name: row[name] for name in names} for row in msgspec.to_builtins(list(rows))]
