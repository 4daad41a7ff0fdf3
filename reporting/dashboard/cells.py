"""Cells: makes the cells of the dashboard's table from a report's row. A cell with a number of conversions links to the
list of these conversions. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET

from conversions.filters.filters import AD_KEYS
from reporting.dashboard.choice import Choice
from reporting.dashboard.figures import CONVERSIONS, VALUE, Figure, amount_of
from reporting.dashboard.listing import behind
from reporting.dashboard.numbers import Amount, Change, Number, change_of, difference_of, number_of
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import Earned, ReportRow, Totals, Unattributed

#: Whether a cell counts conversions with credit to ads ("true"), without ("false"), or both ("").
Attributed = Literal["true", "false", ""]


class Cell(msgspec.Struct, frozen=True):
    """A number in the dashboard's table, and its change since the earlier days with which the report is compared.
    `href`: the address of the list of the conversions that the number counts; "" if it counts none."""

    number: Number | None
    change: Change | None = None
    href: str = ""


def cells_of(
    figures: ReportRow | Totals, before: ReportRow | None, shown: Sequence[Figure], scope: Choice
) -> Iterator[Cell]:
    """Make one cell for each figure in `shown`, from a report's row or totals. `scope`: what the person chose, narrowed
    to this row.

    Only conversions show a change, because more changes would be too much to read. `before`: the same row in the
    earlier days of the comparison, from which the change is computed.
    """
    attributed: Attributed = "true" if isinstance(figures, ReportRow) and scope.by not in AD_KEYS else ""
    for figure in shown:
        now = amount_of(figures, figure)
        if figure is not CONVERSIONS:
            yield Cell(number_of(now, figure.form))
            continue
        change = change_of(now, amount_of(before, figure), figure.form, figure.better) if before else None
        yield _conversions(now, scope, scope.model, attributed, change)


def beside_cells(figures: ReportRow | Totals, lost: Earned | Unattributed, scope: Choice) -> Iterator[Cell]:
    """Make the cells that follow a row's own figures. Unless rows are by ad (or campaign, channel and so on), the first
    of them counts the conversions that no ad gets credit for (`lost`). Each model that is shown beside the chosen one
    has two cells: conversions and value. The conversions also show how they differ from those under the chosen
    model."""
    if scope.by not in AD_KEYS:
        yield _conversions(lost.conversions, scope, scope.model, "false")
    if figures.models is UNSET:
        return
    attributed: Attributed = "true" if isinstance(figures, ReportRow) and scope.by not in AD_KEYS else ""
    for model in scope.beside:
        own = figures.models[model]
        more = difference_of(own.conversions, figures.conversions, "share")
        yield _conversions(own.conversions, scope, model, attributed, more)
        yield Cell(number_of(own.value, "money"))


def unattributed_cells(report: ReportAnswer, figures: Iterable[Figure], choice: Choice) -> Iterator[Cell]:
    """Make the cells of the table's line "unattributed": the conversions that no ad gets credit for, and their value.
    They are the same under every model."""
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
    """Make the cell of a number of conversions, with the address of their list; without an address if the number is
    0."""
    single = {"attributed": attributed} if attributed else {}
    return Cell(number_of(amount, "share"), change, behind(scope, model, **single) if Decimal(amount or 0) else "")
