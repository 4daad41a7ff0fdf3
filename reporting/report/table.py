"""Table: writes a report's rows as CSV. No spreadsheet takes any of its cells for a formula. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: The first character of a CSV for spreadsheets (BOM), which marks it as UTF-8. Programs would take it for a part of
#: the first column's name.
UTF8_MARK = "\ufeff"
#: Where a formula may begin: at the start of a cell, or after a semicolon or a tab, at which a spreadsheet may split a
#: line. Blanks and quotes before it don't help.
_FORMULA = re.compile(
    r"(?:^|(?<=[;,\t\r\n]))(?=[\s\"'\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as CSV, with the names of the columns in the first line. Null becomes an empty cell; booleans become
    `true` and `false`."""
    lines = [list(columns), *([cell_of(row[column]) for column in columns] for row in rows)]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Make columns of nested objects: {"unattributed": {"value": 1}} becomes {"unattributed.value": 1}."""
    columns: dict[str, Any] = {}
    for name, value in row.items():
        parts = flat(value) if isinstance(value, Mapping) else {"": value}
        columns |= {f"{name}.{part}" if part else name: inner for part, inner in parts.items()}
    return columns


def cell_of(value: Any) -> str:
    """Write a value as a cell of CSV, quoted unless it is a number. Strangers choose the names of ads; if a name could
    be a formula, an apostrophe is put before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _NUMBER.fullmatch(text):
        return text
    return '"' + _FORMULA.sub("'", text).replace('"', '""') + '"'
