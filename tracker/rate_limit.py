"""Rate limit: how many hits a site or an account may send in a second -> how long to wait. Per web process."""

import time
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache

#: Of so many senders the tally is kept; one beyond them starts anew.
MAX_SENDERS = 10_000


class RateLimit:
    """A leaky bucket for each sender: it holds a second's hits, and a request is let in while there is room.

    An array that is larger than the room is let in whole and fills the bucket above its edge, so that every array can
    be sent at some time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        #: When each sender's bucket will have run empty.
        self._empty_at: LRUCache[str, float] = LRUCache(MAX_SENDERS)

    def take(self, sender: str, hits: int, per_second: int) -> float:
        """Counts the hits and gives 0.0; or counts nothing and gives the seconds to wait. A rate of 0 is no limit."""
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
