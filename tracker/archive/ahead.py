"""Ahead: items -> each with the work on it, which threads began some items ahead. In the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: The number of items that are worked on ahead of the one that is given.
AHEAD = 8
T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, Future[R]]]:
    """Each item with the result of its work, which may be an exception."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
