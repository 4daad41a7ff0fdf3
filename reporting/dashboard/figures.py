"""Figures: the figures that the dashboard shows, such as cost or clicks, and the tiles at its top. Pure."""

from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from reporting.dashboard.choice import SHOWN, Choice, address_of
from reporting.dashboard.listing import behind
from reporting.dashboard.numbers import Amount, Better, Change, Form, Number, change_of, number_of
from reporting.report.rows import ReportRow, Totals


class Figure(NamedTuple):
    """A kind of number that the dashboard shows. `name`: its name in the report's answer. `form`: how it is written,
    such as money. `better`: whether a higher number is better (1), worse (-1) or neither (0)."""

    name: str
    title: str
    form: Form
    better: Better


COST = Figure("cost", "Cost", "money", 0)
CLICKS = Figure("clicks", "Clicks", "count", 1)
VIEWS = Figure("views", "Views", "count", 1)
CONVERSIONS = Figure("conversions", "Conversions", "share", 1)
VALUE = Figure("value", "Value", "money", 1)
PER_CONVERSION = Figure("cost_per_conversion", "Cost per conversion", "money", -1)
ROAS = Figure("roas", "ROAS", "money", 1)
PROFIT = Figure("profit", "Profit", "money", 1)
#: The figures of the tiles at the top, and of the table's columns.
TILES = (COST, CLICKS, CONVERSIONS, VALUE, PER_CONVERSION, ROAS)
COLUMNS = (COST, CLICKS, VIEWS, CONVERSIONS, VALUE, PER_CONVERSION, ROAS, PROFIT)
#: The figures that are shown only if something was spent.
OF_SPEND = (COST, PER_CONVERSION, ROAS, PROFIT)


class Tile(msgspec.Struct, frozen=True):
    """A figure with its total, at the top of the dashboard.

    `money`: whether the total is an amount in the site's currency. `href`: the address of the dashboard with the chart
    of this figure; "" if a chart can't show the figure. `current`: whether the chart shows the figure now. `behind`:
    the address of the list of the conversions that the figure counts; "" if it counts none.
    """

    name: str
    title: str
    number: Number | None
    change: Change | None
    money: bool
    href: str
    current: bool
    behind: str


def amount_of(figures: ReportRow | Totals, figure: Figure) -> Amount:
    """Return the amount of a figure in a row or in the totals; None if they lack the figure."""
    found: Any = getattr(figures, figure.name)
    return None if found is UNSET else found


def shown_figures(figures: tuple[Figure, ...], totals: Totals) -> list[Figure]:
    """Select the figures to show: those of spend only if something was spent, views only if there are any."""
    left_out = {*(() if amount_of(totals, COST) is not None else OF_SPEND), *(() if totals.views else (VIEWS,))}
    return [figure for figure in figures if figure not in left_out]


def tiles_of(totals: Totals, before: Totals | None, choice: Choice) -> list[Tile]:
    """Make the tiles at the top of the dashboard. `before`: the totals of the earlier days with which they are
    compared."""
    tiles = []
    for figure in shown_figures(TILES, totals):
        now = amount_of(totals, figure)
        change = change_of(now, amount_of(before, figure), figure.form, figure.better) if before else None
        money = figure.form == "money" and figure is not ROAS
        href = address_of(choice, show=figure.name) if figure.name in SHOWN else ""
        number = number_of(now, figure.form)
        list_of = behind(choice) if figure is CONVERSIONS and Decimal(now or 0) else ""
        tiles.append(Tile(figure.name, figure.title, number, change, money, href, figure.name == choice.show, list_of))
    return tiles
