"""Rate limit: limits the hits that a sender may send in a second. Each web process counts by itself."""

import time
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache

#: The most senders that are remembered. A forgotten sender starts with an empty bucket.
MAX_SENDERS = 10_000


class RateLimit:
    """A limit of hits a second for each sender: a leaky bucket with room for the hits of one second.

    A request passes as a whole if there is room for one hit. The request may overfill the bucket. Otherwise requests
    with many hits could never pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        #: Sender -> the time of the clock at which its bucket is empty.
        self._empty_at: LRUCache[str, float] = LRUCache(MAX_SENDERS)

    def take(self, sender: str, hits: int, per_second: int) -> float:
        """If the sender's bucket has room, count the hits and return 0.0. Otherwise count nothing, and return how many
        seconds to wait. `per_second`: the limit; 0 means no limit."""
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
