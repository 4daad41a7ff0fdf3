"""Table: a report's rows -> CSV that a spreadsheet opens without running anything. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: The place before what may begin a formula: at the beginning of a cell, or of what a spreadsheet takes for one, since
#: it may split a line at semicolons or tabs, too. Blanks and quotes before the formula don't help.
_FORMULA = re.compile(r"(?:^|(?<=[;,\t\r\n]))(?=[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows under a line of their columns' names; null is an empty cell, yes and no are `true` and `false`."""
    lines = [list(columns), *([cell_of(row[column]) for column in columns] for row in rows)]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def cell_of(value: Any) -> str:
    """One cell, quoted unless it is a number. Names come from strangers' links, and an apostrophe goes before what
    could be a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _NUMBER.fullmatch(text):
        return text
    return '"' + _FORMULA.sub("'", text).replace('"', '""') + '"'
