"""Position: writes and reads a position in the list of newest conversions, as text in a URL. Pure."""

import msgspec

from conversions.explain.cursor import read_cursor, read_number, write_cursor
from conversions.facts.records import OrderKey
from conversions.rules.parts import SLOTS

#: The longest text of a position, in characters. A hit id has at most 64.
MAX_POSITION = 200


class ListPosition(msgspec.Struct, frozen=True):
    """A position in the list of newest conversions, right after one conversion. `bucket`, `part`: the bucket of this
    conversion, and the index of its part. `key`: the conversion's `order_key`."""

    bucket: int
    part: int
    key: OrderKey


def write_position(position: ListPosition) -> str:
    """Write a position as text for a URL."""
    return f"{position.bucket}.{position.part}.{write_cursor(position.key)}"


def read_position(text: str) -> ListPosition:
    """Read a position from text. Raises ValueError. A text that a client made up does no harm: it is a position in the
    same list."""
    if len(text) > MAX_POSITION:
        raise ValueError("longer than any position")
    bucket, part, key = text.split(".", 2)
    index = read_number(part)
    if not 0 <= index < SLOTS:
        raise ValueError("no bucket has such a part")
    return ListPosition(read_number(bucket), index, read_cursor(key))
