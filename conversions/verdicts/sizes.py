"""Sizes: the names of a part's ads that nobody configured, with their numbers of touches, as a cell. Pure.

Only hours of several parts have such cells. By them an hour's largest names are found, for the report and for explain.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec

from conversions.facts.ad_names import AdName
from conversions.rules.parts import Part
from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell
from conversions.verdicts.fits import CellReader

#: The model name of the cells of sizes.
SIZES = "sizes"
#: The parts on one page, which are read at once.
PARTS_AT_ONCE = 16

_decoder = msgspec.json.Decoder(list[tuple[str, str, int]])


def page_of(bucket: int, index: int) -> str:
    """The page of the cells of a part, by its index."""
    return f"{bucket}/{index // PARTS_AT_ONCE}"


def pages_of(bucket: int, number: int) -> list[str]:
    """The pages of all parts of a bucket."""
    return [page_of(bucket, index) for index in range(0, number, PARTS_AT_ONCE)]


def sizes_cell(bucket: int, part: Part, sizes: Mapping[AdName, int]) -> Cell:
    """The cell of a part's sizes."""
    rows = sorted((name.ad, name.campaign, size) for name, size in sizes.items())
    return Cell(bucket, page_of(bucket, part.index), str(part.index), SIZES, add_checksum(msgspec.json.encode(rows)))


def decode_sizes(cell: Cell) -> Counter[AdName]:
    """The sizes of a cell. Raises Damaged."""
    try:
        return Counter(
            {AdName(ad, campaign, False): size for ad, campaign, size in _decoder.decode(remove_checksum(cell))}
        )
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error


def read_sizes(store: CellReader, site: str, bucket: int, number: int, but: int) -> Counter[AdName]:
    """The sizes of all parts of a bucket together, without one part. Raises Damaged."""
    sizes: Counter[AdName] = Counter()
    for page in pages_of(bucket, number):
        for cell in store.read_cells(site, [SIZES], [page]):
            if cell.key != str(but):
                sizes.update(decode_sizes(cell))
    return sizes
