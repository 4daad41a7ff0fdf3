"""Sizes: counts how many touches each unconfigured ad has in a part of an hour, and stores the counts as a cell. Pure.

Only hours with several parts have these cells. They are read to find the largest ads of the whole hour.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec

from conversions.facts.ad_names import AdName
from conversions.rules.parts import Part
from conversions.store.checksum import Damaged, add_checksum, remove_checksum
from conversions.store.port import Cell
from conversions.verdicts.fits import CellReader

#: The model name of these cells.
SIZES = "sizes"
#: The cells of this many parts are on one page. A page is read at once.
PARTS_AT_ONCE = 16

_decoder = msgspec.json.Decoder(list[tuple[str, str, int]])


def page_of(bucket: int, index: int) -> str:
    """Return the page of cells on which the sizes of a part are stored. `index`: the index of the part. PARTS_AT_ONCE
    parts share a page."""
    return f"{bucket}/{index // PARTS_AT_ONCE}"


def pages_of(bucket: int, number: int) -> list[str]:
    """List the pages of cells on which the sizes of all parts of a bucket are stored. `number`: how many parts the
    bucket has."""
    return [page_of(bucket, index) for index in range(0, number, PARTS_AT_ONCE)]


def sizes_cell(bucket: int, part: Part, sizes: Mapping[AdName, int]) -> Cell:
    """Make the cell that stores the sizes of a part. `sizes`: the name of each unconfigured ad -> its number of touches
    in this part."""
    rows = sorted((name.ad, name.campaign, size) for name, size in sizes.items())
    return Cell(bucket, page_of(bucket, part.index), str(part.index), SIZES, add_checksum(msgspec.json.encode(rows)))


def decode_sizes(cell: Cell) -> Counter[AdName]:
    """Read the sizes in a cell: the name of each unconfigured ad -> its number of touches. Raises Damaged."""
    try:
        return Counter(
            {AdName(ad, campaign, False): size for ad, campaign, size in _decoder.decode(remove_checksum(cell))}
        )
    except msgspec.DecodeError as error:
        raise Damaged(cell, str(error)) from error


def read_sizes(store: CellReader, site: str, bucket: int, number: int, but: int) -> Counter[AdName]:
    """Read the sizes of all parts of a bucket except one, and add them up. Returns the name of each unconfigured ad ->
    its number of touches. Raises Damaged.

    `number`: how many parts the bucket has. `but`: the index of the part that is left out.
    """
    sizes: Counter[AdName] = Counter()
    for page in pages_of(bucket, number):
        for cell in store.read_cells(site, [SIZES], [page]):
            if cell.key != str(but):
                sizes.update(decode_sizes(cell))
    return sizes
