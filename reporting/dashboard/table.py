"""Table: the rows of a report -> the dashboard's table. Each row has a bar, and a link that narrows the view. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from reporting.dashboard.choice import TABS, Choice, address_of
from reporting.dashboard.figures import COLUMNS, CONVERSIONS, VALUE, Figure, amount_of, shown_figures
from reporting.dashboard.numbers import Change, Number, change_of, number_of
from reporting.report.paging import FIGURES as SORTABLE
from reporting.report.query import AD_KEYS
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import ReportRow, Totals

#: What the table shows after a click on a row. A click on a day shows this day.
NARROWER = {"ad": "day", "campaign": "ad", "channel": "campaign", "source": "campaign", "goal": "ad", "day": "ad"}


class Column(msgspec.Struct, frozen=True):
    """A column. `href`: the address that sorts by it; empty if the report can't. `sort`: aria-sort of the column."""

    name: str
    title: str
    note: str = ""
    href: str = ""
    sort: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A number of a row, and its change."""

    number: Number | None
    change: Change | None = None


class Row(msgspec.Struct, frozen=True):
    """A row. `href`: the view of this row alone. `bar`: the bar's length in percent of the longest one."""

    name: str
    href: str
    configured: bool
    bar: str
    cells: list[Cell]


class Tab(msgspec.Struct, frozen=True):
    """A choice among several: its title, its address, and whether it is the present one."""

    title: str
    href: str
    current: bool


class Table(msgspec.Struct, frozen=True):
    """The table. `unattributed` and `total` have a cell for each column. `more` and `first`: the addresses of the next
    rows and of the first ones, None if these are shown."""

    tabs: list[Tab]
    key: Column
    columns: list[Column]
    rows: list[Row]
    unattributed: list[Cell]
    total: list[Cell]
    more: str | None
    first: str | None


def table_of(report: ReportAnswer, choice: Choice) -> Table:
    """Make the table of a report's rows."""
    figures = shown_figures(COLUMNS, report.totals)
    before = {getattr(row, choice.by): row for row in report.previous.rows} if report.previous is not UNSET else {}
    longest = max((_length(row, choice) for row in report.rows), default=Decimal())
    extra = _extra_columns(choice)
    return Table(
        tabs=[Tab(by.capitalize(), address_of(choice, by=by, order=""), by == choice.by) for by in TABS],
        key=_column(choice, choice.by, choice.by.capitalize(), is_text=True),
        columns=[*(_column(choice, figure.name, figure.title) for figure in figures), *extra],
        rows=[_row(row, before.get(getattr(row, choice.by)), figures, choice, longest) for row in report.rows],
        unattributed=_unattributed_cells(report, figures, choice),
        total=[*_cells(report.totals, None, figures), *_extra_cells(report.totals, report.unattributed, choice)],
        more=address_of(choice, after=report.next) if report.next else None,
        first=address_of(choice) if choice.after else None,
    )


def _column(choice: Choice, name: str, title: str, is_text: bool = False) -> Column:
    """A column. A click sorts numbers from the largest and texts from A; a second click turns the order around."""
    if not is_text and name not in SORTABLE:
        return Column(name, title)
    order = choice.sorted_by()
    sort = {name: "ascending", f"-{name}": "descending"}.get(order, "none")
    other = {name: f"-{name}", f"-{name}": name}.get(order, name if is_text else f"-{name}")
    return Column(name, title, href=address_of(choice, order=other), sort=sort)


def _extra_columns(choice: Choice) -> list[Column]:
    """The columns of what no ad got, if rows belong to no ad; then those of the models beside the chosen one."""
    lost = [] if choice.by in AD_KEYS else [Column("unattributed", "Conversions", "without an ad")]
    models = [
        Column(f"{model}.{figure.name}", figure.title, model.replace("_", " "))
        for model in choice.beside
        for figure in (CONVERSIONS, VALUE)
    ]
    return [*lost, *models]


def _row(row: ReportRow, before: ReportRow | None, figures: Sequence[Figure], choice: Choice, longest: Decimal) -> Row:
    name = getattr(row, choice.by)
    share = _length(row, choice) / longest * 100 if longest else Decimal()
    return Row(
        name=name,
        href=narrowed(choice, name),
        configured=row.configured is not False,
        bar=f"{share:.1f}",
        cells=[*_cells(row, before, figures), *_extra_cells(row, row.unattributed, choice)],
    )


def narrowed(choice: Choice, name: str) -> str:
    """The address of the view after a click on a row."""
    by = NARROWER[choice.by]
    if choice.by == "day":
        return address_of(choice, period="", first=name, last=name, by=by, order="")
    filters = dict.fromkeys((*choice.filters, (choice.by, name)))
    return address_of(choice, filters=tuple(filters), by=by, order="")


def _length(row: ReportRow, choice: Choice) -> Decimal:
    """The length of a row's bar: the figure by which rows are sorted, or else its conversions."""
    name = choice.sorted_by().removeprefix("-")
    return Decimal(getattr(row, name if name in SORTABLE else "conversions") or 0)


def _cells(figures: ReportRow | Totals, before: ReportRow | None, shown: Sequence[Figure]) -> list[Cell]:
    """The cells of the figures. Only conversions have their change, because more changes could not be read."""
    cells = []
    for figure in shown:
        now = amount_of(figures, figure)
        compared = before is not None and figure is CONVERSIONS
        change = change_of(now, amount_of(before, figure), figure.form, figure.better) if compared and before else None
        cells.append(Cell(number_of(now, figure.form), change))
    return cells


def _extra_cells(figures: ReportRow | Totals, lost: Any, choice: Choice) -> list[Cell]:
    """The cells of what no ad got, and of the models beside the chosen one."""
    cells = [] if choice.by in AD_KEYS else [Cell(number_of(lost.conversions, "share"))]
    if figures.models is UNSET:
        return cells
    for model in choice.beside:
        own = figures.models[model]
        cells += [Cell(number_of(own.conversions, "share")), Cell(number_of(own.value, "money"))]
    return cells


def _unattributed_cells(report: ReportAnswer, figures: Sequence[Figure], choice: Choice) -> list[Cell]:
    """What no ad got, which every model leaves the same."""
    own = {CONVERSIONS: report.unattributed.conversions, VALUE: report.unattributed.value}
    cells = [Cell(number_of(own.get(figure), figure.form)) for figure in figures]
    lost = [] if choice.by in AD_KEYS else [Cell(None)]
    both = [Cell(number_of(own[CONVERSIONS], "share")), Cell(number_of(own[VALUE], "money"))]
    return [*cells, *lost, *(both * len(choice.beside))]
