"""Ads: finds the clicks that no configured ad matches, the costs without clicks and the clicks without costs, in the
rows of a report. Pure."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from conversions.facts.ad_names import OTHER
from conversions.filters.ad_values import AdValues
from conversions.filters.origin import NONE
from reporting.health.form import form_of
from reporting.report.rows import Report, ReportRow

#: The most names of ads that are read of a report: the largest ones.
NAMES = 1_000
#: A list on the page has at most this many names.
SHOWN = 20
#: The channels whose clicks cost money. Affiliates are paid by sale.
PAID = frozenset(("paid_search", "paid_social", "paid_other", "display", "video"))


class Named(msgspec.Struct, frozen=True):
    """A name of an ad with its numbers. `form`: the fields of the form for a new ad with this name; "" if the ad is
    configured, or if the name stands for many ads."""

    name: str
    configured: bool
    channel: str
    clicks: int
    conversions: str
    cost: str
    network_clicks: int
    form: str


class Names(msgspec.Struct, frozen=True):
    """Some names of ads, the largest first. `number`: how many were found. `is_cut`: whether there may be more, because
    not all names were read."""

    shown: list[Named]
    number: int
    is_cut: bool


def unmatched(report: Report, ads: AdValues) -> Names:
    """Find the clicks that no configured ad matches. `report`: the names of ads, most clicks first. `ads`: finds the
    channel and the network of a name."""
    return _select(report, ads, lambda row: bool(row.clicks) and row.configured is not True)


def spent_without_clicks(report: Report, ads: AdValues) -> Names:
    """Find the ads that cost money but had neither clicks nor views. `report`: the names of ads, highest cost first."""
    return _select(report, ads, lambda row: bool(_cost(row)) and not row.clicks and not row.views)


def clicked_without_spend(report: Report, ads: AdValues) -> Names:
    """Find the ads of paid channels that had clicks but no cost. `report`: the names of ads, most clicks first."""
    return _select(
        report, ads, lambda row: bool(row.clicks) and values_of(row, ads)["channel"] in PAID and not _cost(row)
    )


def values_of(row: ReportRow, ads: AdValues) -> dict[str, str]:
    """Return the values of a row's ad, such as its channel."""
    campaign = _text(row.campaign)
    return ads.of((_text(row.ad), "" if campaign == NONE else campaign, row.configured is True))


def _select(report: Report, ads: AdValues, wanted: Callable[[ReportRow], bool]) -> Names:
    rows = [row for row in report.rows if wanted(row)]
    shown = [_named(row, values_of(row, ads)) for row in rows[:SHOWN]]
    return Names(shown, len(rows), report.next is not None)


def _cost(row: ReportRow) -> Decimal:
    return Decimal(row.cost or 0) if row.cost is not UNSET else Decimal()


def _named(row: ReportRow, values: dict[str, str]) -> Named:
    name = values["ad"]
    is_one = row.configured is not True and name not in (OTHER.ad, NONE)
    return Named(
        name=name,
        configured=row.configured is True,
        channel=values["channel"],
        clicks=row.clicks or 0,
        conversions=row.conversions,
        cost=str(row.cost or 0),
        network_clicks=row.network_clicks or 0,
        form=form_of(name, values["campaign"], values["network"]) if is_one else "",
    )


def _text(value: str | UnsetType) -> str:
    return "" if value is UNSET else value
