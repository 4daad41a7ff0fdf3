"""Parts: converts the figures of a part of an hour to cells, and adds up the cells of all parts to the figures of the
hour. Pure.

A large hour is divided into parts, which are computed separately. Each part has two cells: one with its figures of all
goals and models, and one with the number of touches of each unconfigured ad, which explanations read too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from conversions.facts.ad_names import AdName, Named
from conversions.rules.parts import Part
from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell
from conversions.verdicts.sizes import SIZES, decode_sizes, page_of, sizes_cell
from reporting.figures.cells import UnratedRow
from reporting.figures.sums import AmountKey, Amounts, Sums, add, named, numbered, place_key, unrated_of

#: The name, in place of a model's, of cells of parts.
PART = "part"
#: The name, in place of a model's, of amounts that are the same for all models.
SHARED = ""


class Table(msgspec.Struct, frozen=True, array_like=True):
    """Amounts by goal, ad and day, in columns. Row n is for `goals[goal[n]]`, `ads[ad[n]]` and `days[day[n]]` of the
    PartBody; an ad of -1 stands for unattributed amounts. `amounts`: model -> a column of credit and a column of value,
    in micros."""

    goal: list[int]
    ad: list[int]
    day: list[int]
    amounts: dict[str, tuple[list[int], list[int]]]


class PartBody(msgspec.Struct, frozen=True, array_like=True):
    """All figures of a part of an hour. `alike`: the amounts that are the same under every model; `own`: the other
    amounts, by model. `lacking`: amounts whose exchange rate is unknown. The tables refer to goals, ads and days by
    their indexes here."""

    ads: list[Named]
    clicks: list[int]
    views: list[int]
    goals: list[str]
    days: list[str]
    alike: Table
    own: Table
    lacking: list[UnratedRow]


_decoder = msgspec.json.Decoder(PartBody)


def part_cells(bucket: int, part: Part, sums: Sums) -> list[Cell]:
    """Make the two cells of a part of an hour. They are made even if the part has no figures."""
    body = add_checksum(msgspec.json.encode(body_of(sums)))
    cell = Cell(bucket, page_of(bucket, part.index), str(part.index), PART, body)
    return [cell, sizes_cell(bucket, part, sums.sizes)]


def body_of(sums: Sums) -> PartBody:
    """Convert the figures of a part of an hour to the columns of a PartBody."""
    tables = {SHARED: sums.alike}, sums.own
    places = [place for table in tables for amounts in table.values() for place in amounts]
    ads = sorted(sums.clicks.keys() | {ad for _, ad, _ in places if ad})
    goals, days = sorted({goal for goal, _, _ in places}), sorted({day for _, _, day in places})
    indexes = numbered(goals), {**numbered(ads), None: -1}, numbered(days)
    counts = [sums.clicks.get(ad, (0, 0)) for ad in ads]
    alike, own = (table_of(table, indexes) for table in tables)
    clicks, views = ([count[n] for count in counts] for n in (0, 1))
    lacking = unrated_of(sums.unrated_conversions, sums.unrated_amounts)
    return PartBody([named(ad) for ad in ads], clicks, views, goals, days, alike, own, lacking)


def table_of(models: Mapping[str, Amounts], indexes: Sequence[Mapping[Any, int]]) -> Table:
    """Convert amounts (by model) to columns. `indexes`: the index of each goal, of each ad and of each day."""
    places = sorted({place for amounts in models.values() for place in amounts}, key=place_key)
    goal, ad, day = ([index[place[n]] for place in places] for n, index in enumerate(indexes))
    rows = {model: [amounts.get(place, (0, 0)) for place in places] for model, amounts in models.items() if amounts}
    columns = {model: ([row[0] for row in some], [row[1] for row in some]) for model, some in rows.items()}
    return Table(goal, ad, day, columns)


def add_up(sums: Sums, cells: Iterable[Cell]) -> list[Damaged]:
    """Add the cells of an hour's parts to `sums`, the figures of the hour. A damaged cell is left out, and its error is
    in the result."""
    damaged = []
    for cell in cells:
        try:
            add_cell(sums, cell)
        except Damaged as error:
            damaged.append(error)
    return damaged


def add_cell(sums: Sums, cell: Cell) -> None:
    """Add one cell of a part to `sums`, the figures of the hour. Raises Damaged."""
    if cell.model == SIZES:
        sums.sizes.update(decode_sizes(cell))
        return
    body = decode_body(cell)
    ads = [AdName(*ad) for ad in body.ads]
    for ad, *counts in zip(ads, body.clicks, body.views, strict=True):
        if any(counts):
            add(sums.clicks[ad], counts)
    add_table({SHARED: sums.alike}, body, body.alike, ads)
    add_table(sums.own, body, body.own, ads)
    for row in body.lacking:
        sums.unrated_conversions[row.goal] += row.conversions
        sums.unrated_amounts[row.goal].update(dict(row.amounts))


def add_table(models: Mapping[str, Amounts], body: PartBody, table: Table, ads: Sequence[AdName]) -> None:
    """Add the amounts of a part's table to `models`, the hour's amounts by model. `ads`: the ads of the body."""
    places: list[AmountKey] = [
        (body.goals[goal], None if ad < 0 else ads[ad], body.days[day])
        for goal, ad, day in zip(table.goal, table.ad, table.day, strict=True)
    ]
    for model, columns in table.amounts.items():
        sums = models[model]
        for place, *amounts in zip(places, *columns, strict=True):
            add(sums[place], amounts)


def decode_body(cell: Cell) -> PartBody:
    """Read the figures in a part's cell. Raises Damaged."""
    try:
        return _decoder.decode(remove_checksum(cell))
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error
