"""Ahead: calls a function for many items in threads, some items ahead of the caller."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: The number of items that threads work on ahead of the caller.
AHEAD = 8
T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, Future[R]]]:
    """Yield each item with the future of `work(item)`, in order. While the caller uses one item, threads already work
    on the next ones. If the work failed, the future's `result()` raises its error."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
