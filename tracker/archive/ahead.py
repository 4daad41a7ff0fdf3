"""Ahead: items -> each with the result of its work, which threads began some items ahead. The order stays the same."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: Threads work on this many items ahead of the one that is returned.
AHEAD = 8
T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, Future[R]]]:
    """Yield each item with the result of its work, which may be an exception."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
