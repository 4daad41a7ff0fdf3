"""Checksum: the text of a cell <-> its body with a checksum, which shows whether the body is damaged. Pure."""

from zlib import crc32

from conversions.store.port import Cell

#: The number of bytes of the checksum at the start of a body.
CHECKSUM = 4


class Damaged(ValueError):
    """The body of a cell differs from what was written."""

    def __init__(self, cell: Cell, why: str) -> None:
        super().__init__(f"the cell {cell.model} {cell.page} {cell.start} {cell.key} is damaged: {why}")
        self.cell = cell


def add_checksum(text: bytes) -> bytes:
    """Put a checksum before a text."""
    return crc32(text).to_bytes(CHECKSUM, "big") + text


def remove_checksum(cell: Cell) -> bytes:
    """Check a cell's body and return its text. Raises Damaged."""
    text = cell.body[CHECKSUM:]
    if crc32(text).to_bytes(CHECKSUM, "big") != cell.body[:CHECKSUM]:
        raise Damaged(cell, "its checksum is another")
    return text
