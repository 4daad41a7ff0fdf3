"""Cells: the figures of a report's row -> the cells of the dashboard's table. Each number of conversions leads to the
list of them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET

from reporting.dashboard.choice import Choice
from reporting.dashboard.figures import CONVERSIONS, VALUE, Figure, amount_of
from reporting.dashboard.listing import behind
from reporting.dashboard.numbers import Amount, Change, Number, change_of, number_of
from reporting.report.query import AD_KEYS
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import Earned, ReportRow, Totals, Unattributed

#: Whether ads brought the conversions of a row; empty for both.
Attributed = Literal["true", "false", ""]


class Cell(msgspec.Struct, frozen=True):
    """A number of a row, and its change. `href`: the conversions behind it; empty if it is no number of them."""

    number: Number | None
    change: Change | None = None
    href: str = ""


def cells_of(
    figures: ReportRow | Totals, before: ReportRow | None, shown: Sequence[Figure], scope: Choice
) -> Iterator[Cell]:
    """The cells of the figures of a row, or of the totals. `scope`: the choice that is narrowed to the row. Only
    conversions have their change, because more changes could not be read."""
    attributed: Attributed = "true" if isinstance(figures, ReportRow) and scope.by not in AD_KEYS else ""
    for figure in shown:
        now = amount_of(figures, figure)
        if figure is not CONVERSIONS:
            yield Cell(number_of(now, figure.form))
            continue
        change = change_of(now, amount_of(before, figure), figure.form, figure.better) if before else None
        yield _conversions(now, scope, scope.model, attributed, change)


def beside_cells(figures: ReportRow | Totals, lost: Earned | Unattributed, scope: Choice) -> Iterator[Cell]:
    """The cells of what no ad got, if rows belong to no ad; then those of the models beside the chosen one."""
    if scope.by not in AD_KEYS:
        yield _conversions(lost.conversions, scope, scope.model, "false")
    if figures.models is UNSET:
        return
    attributed: Attributed = "true" if isinstance(figures, ReportRow) and scope.by not in AD_KEYS else ""
    for model in scope.beside:
        own = figures.models[model]
        yield _conversions(own.conversions, scope, model, attributed)
        yield Cell(number_of(own.value, "money"))


def unattributed_cells(report: ReportAnswer, figures: Iterable[Figure], choice: Choice) -> Iterator[Cell]:
    """The cells of what no ad got, which every model leaves the same."""
    lost = report.unattributed
    conversions = _conversions(lost.conversions, choice, choice.model, "false")
    both = {CONVERSIONS: conversions, VALUE: Cell(number_of(lost.value, "money"))}
    yield from (both.get(figure, Cell(None)) for figure in figures)
    if choice.by not in AD_KEYS:
        yield Cell(None)
    for _ in choice.beside:
        yield from both.values()


def _conversions(
    amount: Amount, scope: Choice, model: str, attributed: Attributed, change: Change | None = None
) -> Cell:
    """A number of conversions. None leads nowhere."""
    single = {"attributed": attributed} if attributed else {}
    return Cell(number_of(amount, "share"), change, behind(scope, model, **single) if Decimal(amount or 0) else "")
