"""Order: marks that are due -> the order in which they are rolled up, and the batches that are tried together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from conversions.marks.marks import Mark

#: The cells of at most this many marks are written together, and the marks closed together.
AT_ONCE = 32
#: A batch has at most this many parts of one hour.
PARTS_AT_ONCE = 4


def in_order(marks: Sequence[Mark]) -> list[Mark]:
    """Alternately the mark whose last try is longest ago, and the newest one."""
    newest = sorted(marks, key=lambda mark: (-mark.bucket, mark.tried))
    waiting = sorted(newest, key=lambda mark: mark.tried)
    return list(dict.fromkeys(chain.from_iterable(zip(waiting, newest, strict=True))))


def batches_of(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    """Group marks into batches that are tried together. Parts of one hour are in smaller batches, which several workers
    can share. A mark whose last try failed, or killed its worker, is by itself."""
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
