"""Rate limit: how many hits a second a sender may send. Each web process counts by itself."""

import time
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache

#: The most senders that are remembered. A forgotten sender starts with an empty bucket.
MAX_SENDERS = 10_000


class RateLimit:
    """A leaky bucket for each sender, which holds the hits of one second. A request passes if there is any room left.

    A request with more hits than there is room passes as a whole and overfills the bucket. Therefore large requests can
    pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        #: Sender -> the time of the clock at which its bucket is empty.
        self._empty_at: LRUCache[str, float] = LRUCache(MAX_SENDERS)

    def take(self, sender: str, hits: int, per_second: int) -> float:
        """Count the hits of a sender and return 0.0. If its bucket is full, count nothing and return the seconds to
        wait. A rate of 0 means no limit."""
        if not per_second or not hits:
            return 0.0
        with self._lock:
            now = self._clock()
            empty_at = max(self._empty_at.get(sender, now), now)
            wait = empty_at - now - 1 + 1 / per_second
            if wait > 1e-9:
                return wait
            self._empty_at[sender] = empty_at + hits / per_second
            return 0.0
