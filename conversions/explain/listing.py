"""Listing: the touches, duplicates and adjustments of a case -> those that one page of its explanation shows. Pure.

Anybody can send many of them, with long texts. Therefore a page is bounded in bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from conversions.explain.cursor import read_number
from conversions.facts.records import order_key
from conversions.verdicts.paths import Touchpoint

#: About the largest number of bytes of touches on a page; and the largest number of duplicates' bytes, which holds for
#: adjustments, too.
TOUCH_BYTES, OTHER_BYTES = 500_000, 100_000
#: At most this many touches are on one page, as many duplicates, and as many adjustments.
MAX_LISTED = 1_000

S = TypeVar("S")
T = TypeVar("T")


class Position(msgspec.Struct, frozen=True):
    """The start of a page of an explanation: the numbers of touches, duplicates and adjustments on earlier pages."""

    touches: int = 0
    duplicates: int = 0
    adjustments: int = 0


def write_position(position: Position) -> str:
    """Write a position as text."""
    return ".".join(map(str, msgspec.structs.astuple(position)))


def read_position(text: str) -> Position:
    """Read a position from its text. An empty text means the first page. Raises ValueError."""
    if not text:
        return Position()
    touches, duplicates, adjustments = (max(read_number(part), 0) for part in text.split("."))
    return Position(touches, duplicates, adjustments)


def ranked(path: Iterable[Touchpoint]) -> list[Touchpoint]:
    """Order touches as pages list them: first those that may earn credit, then the others, the newest of each first."""
    newest_first = sorted(path, key=lambda point: order_key(point.touch), reverse=True)
    return sorted(newest_first, key=lambda point: point.reason is not None)


def fitting(items: Sequence[S], start: int, most_bytes: int, describe: Callable[[S], T]) -> list[T]:
    """Describe items from a position on, as many as one page may hold, at least one."""
    found: list[T] = []
    size = 0
    for item in items[start : start + MAX_LISTED]:
        described = describe(item)
        size += len(msgspec.json.encode(described))
        if found and size > most_bytes:
            break
        found.append(described)
    return found
