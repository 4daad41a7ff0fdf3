"""Position: the place in a list of conversions, newest first <-> its text in an address. Pure."""

import msgspec

from conversions.explain.cursor import read_cursor, read_number, write_cursor
from conversions.facts.records import OrderKey
from conversions.rules.parts import SLOTS

#: A position's text has at most this many characters. A hit id has at most 64.
MAX_POSITION = 200


class ListPosition(msgspec.Struct, frozen=True):
    """A place in the list: the part of a bucket, and the `order_key` of the last conversion before the place."""

    bucket: int
    part: int
    key: OrderKey


def write_position(position: ListPosition) -> str:
    """Write a position as text."""
    return f"{position.bucket}.{position.part}.{write_cursor(position.key)}"


def read_position(text: str) -> ListPosition:
    """Read a position from its text. A made-up position begins elsewhere in the range of the list, nowhere else. Raises
    ValueError."""
    if len(text) > MAX_POSITION:
        raise ValueError("longer than any position")
    bucket, part, key = text.split(".", 2)
    index = read_number(part)
    if not 0 <= index < SLOTS:
        raise ValueError("no bucket has such a part")
    return ListPosition(read_number(bucket), index, read_cursor(key))
