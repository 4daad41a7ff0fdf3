"""Table: a report's rows -> CSV in which a spreadsheet finds no formula. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: The first character of a file for spreadsheets, by which they know that it is UTF-8. Programs would read it as a part
#: of the first column's name.
UTF8_MARK = "\ufeff"
#: Where a formula may begin: at the start of a cell, or after a semicolon or a tab, at which a spreadsheet may split a
#: line. Blanks and quotes before a formula don't disarm it.
_FORMULA = re.compile(
    r"(?:^|(?<=[;,\t\r\n]))(?=[\s\"'\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write the rows below a line with the columns' names. Null is an empty cell; booleans are `true` and `false`."""
    lines = [list(columns), *([cell_of(row[column]) for column in columns] for row in rows)]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row with parts into columns such as `unattributed.value`."""
    columns: dict[str, Any] = {}
    for name, value in row.items():
        parts = flat(value) if isinstance(value, Mapping) else {"": value}
        columns |= {f"{name}.{part}" if part else name: inner for part, inner in parts.items()}
    return columns


def cell_of(value: Any) -> str:
    """Write one cell, quoted unless it is a number. An apostrophe is put before each possible formula, because
    strangers choose names."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _NUMBER.fullmatch(text):
        return text
    return '"' + _FORMULA.sub("'", text).replace('"', '""') + '"'
