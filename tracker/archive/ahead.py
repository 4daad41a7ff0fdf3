"""Ahead: items -> each item with its result, in the same order. While the caller uses one result, threads work on the
next items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: Threads work on this many items ahead of the one that is returned.
AHEAD = 8
T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, Future[R]]]:
    """Yield each item with the future of its work. If the work failed, the future's `result()` raises the error."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
