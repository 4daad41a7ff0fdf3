"""Table: makes the dashboard's table from a report's rows. Each row has a bar, and a link to the dashboard of this row
alone. Pure."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET

from conversions.filters.filters import AD_KEYS
from reporting.dashboard.cells import Cell, beside_cells, cells_of, unattributed_cells
from reporting.dashboard.choice import TABS, Choice, address_of, narrow
from reporting.dashboard.figures import COLUMNS, CONVERSIONS, VALUE, Figure, shown_figures
from reporting.report.paging import SORTABLE
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import Earned, ReportRow

#: What the rows of the table are after a click on a row: a click on a campaign shows its ads, a click on an ad its
#: days.
NARROWER = {"ad": "day", "campaign": "ad", "channel": "campaign", "source": "campaign", "goal": "ad", "day": "ad"}


class Column(msgspec.Struct, frozen=True):
    """A column of the table. `href`: the address of the dashboard sorted by this column; "" if that isn't possible.
    `sort`: the value of the HTML attribute aria-sort."""

    name: str
    title: str
    note: str = ""
    href: str = ""
    sort: str = ""


class Row(msgspec.Struct, frozen=True):
    """A row of the table. `href`: the address of the dashboard of this row alone. `bar`: the length of its bar, in
    percent of the longest bar."""

    name: str
    href: str
    configured: bool
    bar: str
    cells: list[Cell]


class Tab(msgspec.Struct, frozen=True):
    """A link to another view of the dashboard, such as rows by campaign: its title, its address, and whether this view
    is shown now."""

    title: str
    href: str
    current: bool


class Table(msgspec.Struct, frozen=True):
    """The dashboard's table. `unattributed` and `total` are lines with a cell for each column. `more`: the address of
    the next page of rows, None on the last page. `first`: the address of the first page, None on the first page."""

    tabs: list[Tab]
    key: Column
    columns: list[Column]
    rows: list[Row]
    unattributed: list[Cell]
    total: list[Cell]
    more: str | None
    first: str | None


def table_of(report: ReportAnswer, choice: Choice) -> Table:
    """Make the dashboard's table from a report's answer and the person's choice."""
    figures = shown_figures(COLUMNS, report.totals)
    before = {_key(row, choice): row for row in report.previous.rows} if report.previous is not UNSET else {}
    longest = max((_length(row, choice) for row in report.rows), default=Decimal())
    total = beside_cells(report.totals, report.unattributed, choice)
    return Table(
        tabs=[Tab(by.capitalize(), address_of(choice, by=by, order=""), by == choice.by) for by in TABS],
        key=_column(choice, choice.by, choice.by.capitalize(), is_text=True),
        columns=[*(_column(choice, figure.name, figure.title) for figure in figures), *_beside_columns(choice)],
        rows=[_row(row, before.get(_key(row, choice)), figures, choice, longest) for row in report.rows],
        unattributed=list(unattributed_cells(report, figures, choice)),
        total=[*cells_of(report.totals, None, figures, choice), *total],
        more=address_of(choice, after=report.next) if report.next else None,
        first=address_of(choice) if choice.after else None,
    )


def _column(choice: Choice, name: str, title: str, is_text: bool = False) -> Column:
    """Make a column. A click on a column of numbers sorts them from the largest, a click on a column of texts from A. A
    second click reverses the order."""
    if not is_text and name not in SORTABLE:
        return Column(name, title)
    order = choice.sorted_by()
    sort = {name: "ascending", f"-{name}": "descending"}.get(order, "none")
    other = {name: f"-{name}", f"-{name}": name}.get(order, name if is_text else f"-{name}")
    return Column(name, title, href=address_of(choice, order=other), sort=sort)


def _beside_columns(choice: Choice) -> list[Column]:
    """Make the columns that follow a row's own figures. Unless rows are by ad (or campaign, channel and so on), the
    first of them counts the conversions that no ad gets credit for. Each model that is shown beside the chosen one has
    two columns: conversions and value."""
    lost = [] if choice.by in AD_KEYS else [Column("unattributed", "Conversions", "without an ad")]
    models = [
        Column(f"{model}.{figure.name}", figure.title, model.replace("_", " "))
        for model in choice.beside
        for figure in (CONVERSIONS, VALUE)
    ]
    return [*lost, *models]


def _key(row: ReportRow, choice: Choice) -> tuple[str, object]:
    """Return what identifies a row: its name, and whether it is a configured ad. A configured and an unconfigured ad
    may have the same name."""
    return getattr(row, choice.by), row.configured


def _row(row: ReportRow, before: ReportRow | None, figures: Sequence[Figure], choice: Choice, longest: Decimal) -> Row:
    name = getattr(row, choice.by)
    scope = scope_of(choice, name)
    share = _length(row, choice) / longest * 100 if longest else Decimal()
    lost = Earned("0", "0") if row.unattributed is UNSET else row.unattributed
    return Row(
        name=name,
        href=address_of(scope, by=NARROWER[choice.by], order=""),
        configured=row.configured is not False,
        bar=f"{share:.1f}",
        cells=[*cells_of(row, before, figures, scope), *beside_cells(row, lost, scope)],
    )


def scope_of(choice: Choice, name: str) -> Choice:
    """Return the choice that shows one row alone: the row's day, or a filter of the row's ad (or campaign, goal and so
    on)."""
    if choice.by == "day":
        return msgspec.structs.replace(choice, period="", first=name, last=name)
    return msgspec.structs.replace(choice, filters=narrow(choice.filters, choice.by, name))


def _length(row: ReportRow, choice: Choice) -> Decimal:
    """Return the figure that a row's bar shows: the figure of the column by which the table is sorted. If this column
    has text, the bar shows conversions."""
    name = choice.sorted_by().removeprefix("-")
    return max(Decimal(), Decimal(getattr(row, name if name in SORTABLE else "conversions") or 0))
