"""Listing: decides which touches, duplicates and adjustments fit on one page of an explanation. Pure.

Anybody can send many hits with long texts. Therefore the size of a page is limited.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from conversions.explain.cursor import read_number
from conversions.facts.records import order_key
from conversions.verdicts.paths import Touchpoint

#: The largest size of a page in bytes: TOUCH_BYTES for its touches, OTHER_BYTES for its duplicates, and another
#: OTHER_BYTES for its adjustments.
TOUCH_BYTES, OTHER_BYTES = 500_000, 100_000
#: A page has at most this many touches, this many duplicates and this many adjustments.
MAX_LISTED = 1_000

S = TypeVar("S")
T = TypeVar("T")


class Position(msgspec.Struct, frozen=True):
    """Where a page of an explanation begins: how many touches, duplicates and adjustments the earlier pages have."""

    touches: int = 0
    duplicates: int = 0
    adjustments: int = 0


def write_position(position: Position) -> str:
    """Write a position as text: `1000.0.0` if the earlier pages have 1000 touches, no duplicates and no adjustments."""
    return ".".join(map(str, msgspec.structs.astuple(position)))


def read_position(text: str) -> Position:
    """Read a position from text. An empty text is the first page. Raises ValueError."""
    if not text:
        return Position()
    touches, duplicates, adjustments = (max(read_number(part), 0) for part in text.split("."))
    return Position(touches, duplicates, adjustments)


def eligible_first(path: Iterable[Touchpoint]) -> list[Touchpoint]:
    """Sort touches for the pages: first those that may earn credit, then the others. In both groups the newest come
    first."""
    newest_first = sorted(path, key=lambda point: order_key(point.touch), reverse=True)
    return sorted(newest_first, key=lambda point: point.reason is not None)


def fill_page(items: Sequence[S], start: int, most_bytes: int, describe: Callable[[S], T]) -> list[T]:
    """Describe items from the index `start` on, until the page has `most_bytes` bytes or MAX_LISTED items. The page has
    at least one item, even if this item is larger than `most_bytes`."""
    found: list[T] = []
    size = 0
    for item in items[start : start + MAX_LISTED]:
        described = describe(item)
        size += len(msgspec.json.encode(described))
        if found and size > most_bytes:
            break
        found.append(described)
    return found
