"""Checksum: adds a checksum to a cell (stored figures), and checks it when the cell is read. Pure."""

from zlib import crc32

from conversions.store.port import Cell

#: The first bytes of a cell's body, which are its checksum.
CHECKSUM = 4


class Damaged(ValueError):
    """Raised if the bytes of a cell (stored figures) differ from what was written. `cell`: the damaged cell."""

    def __init__(self, cell: Cell, why: str) -> None:
        super().__init__(f"the cell {cell.model} {cell.page} {cell.start} {cell.key} is damaged: {why}")
        self.cell = cell


def add_checksum(text: bytes) -> bytes:
    """Return a cell's content with its checksum in front."""
    return crc32(text).to_bytes(CHECKSUM, "big") + text


def remove_checksum(cell: Cell) -> bytes:
    """Check the checksum of a cell, and return its content. Raises Damaged if the checksum is wrong."""
    text = cell.body[CHECKSUM:]
    if crc32(text).to_bytes(CHECKSUM, "big") != cell.body[:CHECKSUM]:
        raise Damaged(cell, "its checksum is wrong")
    return text
