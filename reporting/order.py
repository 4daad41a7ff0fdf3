"""Order: decides the order in which marked hours and parts are rolled up, and which are rolled up together as a
batch."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from conversions.marks.marks import Mark

#: The most marks in a batch. Their cells are written together, and the marks closed together.
AT_ONCE = 32
#: The most parts of one hour in a batch.
PARTS_AT_ONCE = 4


def in_order(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks in the order in which to roll them up. The order alternates between two lists: the marks by
    their last try, longest ago first; and the marks by hour, newest first."""
    newest = sorted(marks, key=lambda mark: (-mark.bucket, mark.tried))
    waiting = sorted(newest, key=lambda mark: mark.tried)
    return list(dict.fromkeys(chain.from_iterable(zip(waiting, newest, strict=True))))


def batches_of(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    """Divide the marks into batches that are rolled up together. A batch has at most 32 marks. If several parts of one
    hour are marked, they come in batches of 4, which several workers can share. A mark whose last try failed, or killed
    its worker, is alone in its batch."""
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
