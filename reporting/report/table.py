"""Table: a report's rows -> CSV that a spreadsheet opens without running anything. Pure."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

#: A cell that begins so may be taken for a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows under a line of their columns' names; null is an empty cell, yes and no are `true` and `false`."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell_of(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def cell_of(value: Any) -> str:
    """One cell: names come from strangers' links, so what could be a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) and not _NUMBER.fullmatch(text) else text
