"""Export: writes conversions as the lines of a file, CSV or JSON lines. The last line says whether the file is
complete. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from conversions.explain.listed import ListedConversion
from conversions.explain.newest import Step
from conversions.explain.position import write_position
from reporting.report.table import cell_of

ExportForm = Literal["csv", "jsonl"]
EXPORT_FORMS: tuple[ExportForm, ...] = ("csv", "jsonl")
COLUMNS = (
    *("id", "at", "goal", "order", "visitor", "hit", "value", "currency", "counted", "reason"),
    *("reported_conversions", "reported_value", "ads"),
)


def export_lines(steps: Iterable[Step], form: ExportForm, away: tuple[type[Exception], ...]) -> Iterator[str]:
    """Yield a line of the file for each conversion of `steps`, then a last line that says whether the file is complete.

    If `steps` raises one of the exceptions `away`, because a service failed, the last line says that the file is
    incomplete, and gives the position from which another export can continue.
    """
    rows, after = 0, ""
    if form == "csv":
        yield csv_line(COLUMNS)
    try:
        for step in steps:
            after = write_position(step.position)
            if step.conversion:
                rows += 1
                yield csv_line(cells_of(step.conversion)) if form == "csv" else json_line(step.conversion)
    except away:
        yield last_line(form, rows, False, after)
        return
    yield last_line(form, rows, True, "")


def last_line(form: ExportForm, rows: int, complete: bool, after: str) -> str:
    """Return the last line: whether the file is complete, how many conversions it has, and the position (`after`) from
    which another export can continue."""
    if form == "jsonl":
        return json_line({"complete": complete, "rows": rows, "after": after or None})
    return csv_line(("(complete)" if complete else "(incomplete)", rows, after))


def cells_of(listed: ListedConversion) -> tuple[Any, ...]:
    """Return the values of a conversion, in the order of COLUMNS."""
    ads = "; ".join(f"{one.ad} {one.credit}" for one in listed.ads)
    reported = {f"reported_{name}": amount for name, amount in msgspec.structs.asdict(listed.reported).items()}
    own = {**msgspec.structs.asdict(listed), **reported, "goal": listed.goal.key, "ads": ads}
    return tuple(own[column] for column in COLUMNS)


def csv_line(cells: Iterable[Any]) -> str:
    """Return the values as a line of CSV. No spreadsheet takes any of them for a formula."""
    return f"{','.join(map(cell_of, cells))}\r\n"


def json_line(row: Any) -> str:
    """Return a conversion, or the content of the last line, as a line of JSON."""
    return f"{msgspec.json.encode(row).decode()}\n"
