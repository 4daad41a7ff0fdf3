"""Rows: the sums of a report -> its rows, unattributed amounts and totals, with amounts as texts. Pure."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.units.formats import Amount, Day, Instant
from conversions.units.micros import six_places
from reporting.report.query import Query

#: Clicks and views, and micros of conversions and of money.
Sum = list[int]


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a report: the keys by which it is grouped, and its figures."""

    ad: Annotated[str | UnsetType, Meta(description="Only in reports by ad.")] = UNSET
    campaign: Annotated[str | UnsetType, Meta(description="Only in reports by campaign.")] = UNSET
    goal: Annotated[str | UnsetType, Meta(description="Only in reports by goal.")] = UNSET
    day: Annotated[Day | UnsetType, Meta(description="Only in reports by day.")] = UNSET
    hour: Annotated[Instant | UnsetType, Meta(description="Only in reports by hour.")] = UNSET
    configured: Annotated[
        bool | UnsetType, Meta(description="Only in reports by ad: whether `ad` is a configured ad's key.")
    ] = UNSET
    clicks: Annotated[int | None, Meta(description="Null in reports by goal.")]
    views: Annotated[int | None, Meta(description="Null in reports by goal.")]
    conversions: Amount
    value: Amount


class Unattributed(msgspec.Struct, frozen=True):
    """Conversions without credit to any ad."""

    conversions: Amount
    value: Amount


class Totals(msgspec.Struct, frozen=True):
    """The sums of all rows and of the unattributed conversions."""

    clicks: int
    views: int
    conversions: Amount
    value: Amount


class Report(msgspec.Struct, frozen=True):
    """The exact part of an answer."""

    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals


def column_names(query: Query) -> list[str]:
    """The columns of a report's rows, in order."""
    configured = ["configured"] if "ad" in query.by else []
    return [*query.by, *configured, "clicks", "views", "conversions", "value"]


def row(key: tuple[Any, ...], total: Sum, query: Query) -> ReportRow:
    """Make one row of a report. By goal, clicks and views are null, because no click belongs to a goal."""
    by_goal = "goal" in query.by
    return ReportRow(
        **dict(zip(query.by, key, strict=False)),
        configured=not key[-1] if "ad" in query.by else UNSET,
        clicks=None if by_goal else total[0],
        views=None if by_goal else total[1],
        conversions=six_places(total[2]),
        value=six_places(total[3]),
    )


def plain_rows(rows: Iterable[ReportRow], query: Query) -> list[dict[str, Any]]:
    """Turn rows into lists of values by column, in the order of `by`."""
    names = column_names(query)
    return [{name: getattr(row, name) for name in names} for row in rows]
