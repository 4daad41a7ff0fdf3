"""Rate limit: a sender, its hits and its rate -> the seconds to wait. Each web process counts by itself."""

import time
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache

#: At most this many senders are remembered. A forgotten sender starts with an empty bucket.
MAX_SENDERS = 10_000


class RateLimit:
    """A leaky bucket for each sender. It has room for the hits of a second. While there is room, a request may pass.

    An array that is larger than the room passes whole and overfills the bucket. Arrays of every size can therefore
    pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        #: Sender -> the time of the clock at which its bucket is empty.
        self._empty_at: LRUCache[str, float] = LRUCache(MAX_SENDERS)

    def take(self, sender: str, hits: int, per_second: int) -> float:
        """Count the hits and return 0.0. If there is no room, count nothing and return the seconds to wait. A rate of 0
        is no limit."""
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
