"""Parts: the sums of a part <-> its cells, from which the sums of the hour are added up. Pure.

A part has one cell for all goals and models, and one for the sizes of names, which explanations read, too.
"""

from collections.abc import Iterable

import msgspec

from conversions.facts.ad_names import AdName
from conversions.rules.parts import Part
from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell
from conversions.verdicts.sizes import SIZES, decode_sizes, page_of, sizes_cell
from reporting.figures.cells import Clicks, Credit, UnratedRow
from reporting.figures.sums import Sums, add, add_credit, clicks_of, columns, unrated_of

#: The model name of the cells of parts.
PART = "part"


class PartBody(msgspec.Struct, frozen=True, array_like=True):
    """All figures of a part by the touch's day: clicks and views, the credit that all models share, each model's own
    credit, and amounts without a rate."""

    clicks: Clicks
    alike: Credit
    own: dict[str, Credit]
    lacking: list[UnratedRow]


_decoder = msgspec.json.Decoder(PartBody)


def part_cells(bucket: int, part: Part, sums: Sums) -> list[Cell]:
    """Make the cells of a part, even if it is empty."""
    own = {model: columns(places) for model, places in sums.own.items() if places}
    body = PartBody(clicks_of(sums.clicks), columns(sums.alike), own, unrated_of(sums.lacking, sums.lacks))
    cell = Cell(bucket, page_of(bucket, part.index), str(part.index), PART, add_checksum(msgspec.json.encode(body)))
    return [cell, sizes_cell(bucket, part, sums.sizes)]


def add_up(sums: Sums, cells: Iterable[Cell]) -> list[Damaged]:
    """Add the cells of parts to the sums of their hour. Return the damaged cells, which are left out."""
    damaged = []
    for cell in cells:
        try:
            add_cell(sums, cell)
        except Damaged as error:
            damaged.append(error)
    return damaged


def add_cell(sums: Sums, cell: Cell) -> None:
    """Add one cell of a part. Raises Damaged."""
    if cell.model == SIZES:
        sums.sizes.update(decode_sizes(cell))
        return
    body = decode_body(cell)
    for ad, *counts in zip(body.clicks.ads, body.clicks.clicks, body.clicks.views, strict=True):
        add(sums.clicks[AdName(*ad)], counts)
    add_credit(sums.alike, body.alike)
    for model, credit in body.own.items():
        add_credit(sums.own[model], credit)
    for row in body.lacking:
        sums.lacking[row.goal] += row.conversions
        sums.lacks[row.goal].update(dict(row.amounts))


def decode_body(cell: Cell) -> PartBody:
    """Read the figures of a part's cell. Raises Damaged."""
    try:
        return _decoder.decode(remove_checksum(cell))
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
