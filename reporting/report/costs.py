"""Costs: what was spent and brought -> the columns of spend in a row or in the totals. Pure."""

from fractions import Fraction
from typing import Annotated, Final

import msgspec
from msgspec import Meta, UnsetType

from conversions.units.formats import Amount
from conversions.units.micros import MICROS, six_places

#: The columns of spend. Each is null where there is no spend.
COLUMNS: Final = ("cost", "impressions", "network_clicks", "cpc", "cost_per_conversion", "roas", "profit")
#: Those of them that are no amounts.
COUNTS: Final = ("impressions", "network_clicks")
#: The numbers of spend in a sum: cost (micros of the site's currency), impressions and the network's clicks.
WIDTH = 3

_IF = "Only with spend in the range: "
Cost = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}the cost, in the site's currency.")]
Shown = Annotated[int | UnsetType | None, Meta(description=f"{_IF}as the network counts them.")]
PerClick = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}cost by `network_clicks`.")]
PerConversion = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}cost by `conversions`.")]
Return = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}`value` by cost.")]
Profit = Annotated[Amount | UnsetType | None, Meta(description=f"{_IF}`value` without the cost.")]


class NoSpendRate(msgspec.Struct, frozen=True):
    """Spend that is left out of costs because no exchange rate of its day is known. Its clicks and impressions
    count."""

    no_rate: Annotated[dict[str, Amount], Meta(description="Currency -> the cost left out, in that currency.")]


def cost_columns(cost: int, impressions: int, clicks: int, conversions: int, value: int) -> dict[str, str | int | None]:
    """The columns of spend. `cost`, `conversions` and `value` are micros."""
    figures = cost_figures(cost, impressions, clicks, conversions, value)
    return {
        name: figure if figure is None or name in COUNTS else six_places(figure) for name, figure in figures.items()
    }


def cost_figures(cost: int, impressions: int, clicks: int, conversions: int, value: int) -> dict[str, int | None]:
    """The columns of spend as numbers: those of COUNTS as they are, the others in micros."""
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
    """An amount divided by another, in micros, rounded half to even; None if there is nothing to divide by."""
    return round(Fraction(amount * MICROS, parts)) if parts > 0 else None
