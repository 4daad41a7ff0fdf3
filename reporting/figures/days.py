"""Days: adds up the cells of a site's hours to the cells of a day. Pure.

A day's cell also contains a token, and the start and end of the day at the time when the cell was made. By these, a
reader knows whether the cell is still valid.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from conversions.facts.ad_names import AdName
from conversions.rules.site import SiteConfig
from conversions.store.checksum import add_checksum, remove_checksum
from conversions.store.port import Cell
from conversions.units.clock import day_start, next_day
from reporting.figures.cells import (
    CLICKS,
    NO_RATE,
    Clicks,
    Credit,
    UnratedRow,
    decode_clicks,
    decode_credit,
    decode_unrated,
)
from reporting.figures.sums import add, add_credit, amounts, clicks_of, columns, unrated_of


class DayBody(msgspec.Struct, frozen=True, array_like=True):
    """The content of a day's cell: the token that was drawn before the cells of the hours were read, the day's start
    and end (ms), and the day's figures as JSON."""

    token: int
    since: int
    until: int
    figures: msgspec.Raw


class Ends(msgspec.Struct, frozen=True):
    """The start and the end of a day (ms), by the present rules of the site's timezone."""

    since: int
    until: int


def ends_of(day: str, site: SiteConfig) -> Ends:
    """Return the start and the end (ms) of a day in the site's timezone."""
    return Ends(day_start(day, site.timezone), day_start(next_day(day), site.timezone))


def day_cells(day: str, ends: Ends, token: int, hours: Iterable[Cell]) -> list[Cell]:
    """Make the cells of a day by adding up the cells of its hours, one for each model or kind of cell. Raises
    Damaged."""
    by_model: dict[str, list[Cell]] = defaultdict(list)
    for cell in hours:
        by_model[cell.model].append(cell)
    return [
        Cell(ends.since, month_page(day), "", model, encode_day(token, ends, SUMS.get(model, sum_credit)(cells)))
        for model, cells in by_model.items()
    ]


def month_page(day: str) -> str:
    """Return the page under which a day's cells are stored: its month, such as 2026-11."""
    return day[:7]


def encode_day(token: int, ends: Ends, figures: Clicks | Credit | list[UnratedRow]) -> bytes:
    """Convert the content of a day's cell to bytes, with a checksum."""
    return add_checksum(
        msgspec.json.encode(DayBody(token, ends.since, ends.until, msgspec.Raw(msgspec.json.encode(figures))))
    )


def read_made(cell: Cell) -> DayBody:
    """Read the content of a day's cell. Raises Damaged."""
    return msgspec.json.decode(remove_checksum(cell), type=DayBody)


def figures_of(cell: Cell, made: DayBody) -> Cell:
    """Convert a day's cell to the form of an hour's cell: only the figures, without token, start and end. `made`: the
    content of the day's cell."""
    return msgspec.structs.replace(cell, body=add_checksum(bytes(made.figures)))


def sum_clicks(cells: Iterable[Cell]) -> Clicks:
    """Add up the clicks and views in several cells."""
    sums: dict[AdName, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        found = decode_clicks(cell)
        for ad, *counts in zip(found.ads, found.clicks, found.views, strict=True):
            add(sums[AdName(*ad)], counts)
    return clicks_of(sums)


def sum_credit(cells: Iterable[Cell]) -> Credit:
    """Add up the credit and value in several cells."""
    sums = amounts()
    for cell in cells:
        add_credit(sums, decode_credit(cell))
    return columns(sums)


def sum_unrated(cells: Iterable[Cell]) -> list[UnratedRow]:
    """Add up the amounts without a known exchange rate in several cells."""
    numbers: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        for row in decode_unrated(cell):
            numbers[row.goal] += row.conversions
            sums[row.goal].update(dict(row.amounts))
    return unrated_of(numbers, sums)


#: Name of cells -> the function that adds them up. All other cells have credit.
SUMS: dict[str, Callable[[Iterable[Cell]], Any]] = {CLICKS: sum_clicks, NO_RATE: sum_unrated}
