"""Order: sorts marked hours for the rollup, and groups them into batches."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from conversions.marks.marks import Mark

#: The most marks in a batch. Their cells are written together, and the marks closed together.
AT_ONCE = 32
#: The most parts of one hour in a batch.
PARTS_AT_ONCE = 4


def in_order(marks: Sequence[Mark]) -> list[Mark]:
    """Sort marks so that they alternate: the one whose last try is longest ago, the one of the newest hour, and so
    on."""
    newest = sorted(marks, key=lambda mark: (-mark.bucket, mark.tried))
    waiting = sorted(newest, key=lambda mark: mark.tried)
    return list(dict.fromkeys(chain.from_iterable(zip(waiting, newest, strict=True))))


def batches_of(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    """Group marks into batches that are rolled up together. Parts of one hour form small batches, which several workers
    can share. A mark whose last try failed or killed its worker gets a batch of its own."""
    marks = list(marks)
    of_hour = Counter((mark.site, mark.bucket) for mark in marks)
    batches: dict[int, list[Mark]] = {AT_ONCE: [], PARTS_AT_ONCE: []}
    for mark in marks:
        if mark.tried > mark.token:
            yield [mark]
            continue
        size = PARTS_AT_ONCE if of_hour[mark.site, mark.bucket] > 1 else AT_ONCE
        batches[size].append(mark)
        if len(batches[size]) == size:
            yield batches[size]
            batches[size] = []
    yield from filter(None, batches.values())
