"""Table: a report's rows -> CSV in which a spreadsheet finds no formula. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: How a file begins that spreadsheets read as UTF-8. Programs would take it for a part of the first column's name.
UTF8_MARK = "\ufeff"
#: The place before a possible formula: at the start of a cell, or after a semicolon or a tab, where a spreadsheet may
#: split a line, too. Blanks and quotes before a formula don't disarm it.
_FORMULA = re.compile(
    r"(?:^|(?<=[;,\t\r\n]))(?=[\s\"'\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows under a line with the columns' names. Null is an empty cell; booleans are `true` and `false`."""
    lines = [list(columns), *([cell_of(row[column]) for column in columns] for row in rows)]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def cell_of(value: Any) -> str:
    """One cell, quoted unless it is a number. Names come from strangers' links, so an apostrophe goes before each
    possible formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _NUMBER.fullmatch(text):
        return text
    return '"' + _FORMULA.sub("'", text).replace('"', '""') + '"'
