"""Costs: computes a report's columns of spend from costs and counts: cost per click, cost per conversion, ROAS and
profit. Pure."""

from fractions import Fraction
from typing import Annotated, Final

import msgspec
from msgspec import Meta, UnsetType

from conversions.units.formats import Amount
from conversions.units.micros import MICROS, six_places

#: The columns of spend. All are null in a row without spend.
COLUMNS: Final = ("cost", "impressions", "network_clicks", "cpc", "cost_per_conversion", "roas", "profit")
#: The columns of spend that are plain numbers, not amounts of money.
COUNTS: Final = ("impressions", "network_clicks")
#: How many numbers of spend a sum has: cost (micros of the site's currency), impressions and the network's clicks.
WIDTH = 3

_IF = "Only with spend in the range: "
Cost = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}the cost, in the site's currency.")]
Shown = Annotated[int | UnsetType | None, Meta(description=f"{_IF}as the network counts them.")]
PerClick = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}cost by `network_clicks`.")]
PerConversion = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}cost by `conversions`.")]
Return = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}`value` by cost.")]
Profit = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}`value` without the cost.")]


class NoSpendRate(msgspec.Struct, frozen=True):
    """The costs that a report leaves out because the exchange rate of their day is unknown. Their clicks and
    impressions are not left out."""

    no_rate: Annotated[dict[str, Amount], Meta(description="The left out cost by currency.")]


def cost_columns(cost: int, impressions: int, clicks: int, conversions: int, value: int) -> dict[str, str | int | None]:
    """Compute the columns of spend of a row, as in the report's answer: amounts are decimal texts. `cost`,
    `conversions` and `value` are in micros."""
    figures = cost_figures(cost, impressions, clicks, conversions, value)
    return {
        name: figure if figure is None or name in COUNTS else six_places(figure) for name, figure in figures.items()
    }


def cost_figures(cost: int, impressions: int, clicks: int, conversions: int, value: int) -> dict[str, int | None]:
    """Compute the columns of spend of a row, as whole numbers. All columns but those of COUNTS are in micros."""
    if not (cost or impressions or clicks):
        return dict.fromkeys(COLUMNS)
    return {
        "cost": cost,
        "impressions": impressions,
        "network_clicks": clicks,
        "cpc": _ratio(cost, clicks * MICROS),
        "cost_per_conversion": _ratio(cost, conversions),
        "roas": _ratio(value, cost),
        "profit": value - cost,
    }


def _ratio(amount: int, parts: int) -> int | None:
    """Return `amount` divided by `parts`, in micros, rounded half to even; None if `parts` is 0."""
    return round(Fraction(amount * MICROS, parts)) if parts > 0 else None
