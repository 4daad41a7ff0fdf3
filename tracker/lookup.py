"""Look-up: finds values by key in the configuration database. It has a cache, and doesn't wait long for a database that
hangs."""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from queue import Full, Queue
from threading import Lock
from typing import Any, Generic, TypeVar

from cachetools import LRUCache
from django.db import Error, connection

from tracker.collection.known import Known
from tracker.daemon import Daemon

logger = logging.getLogger(__name__)

MAX_CACHED = 10_000
#: After this many seconds an unknown key is looked up again: the first hits of a new site must not be refused for long.
MISS_SECONDS = 1.0
#: After a failure, the database isn't asked for this many seconds.
REST_SECONDS = 1.0
#: A hit waits at most this many seconds for the database.
WAIT_SECONDS = 1.0
MAX_WAITING = 100

K = TypeVar("K")
T = TypeVar("T")


#: The entry of a key that was never looked up.
NEVER = Known[Any](None, checked=False, until=float("-inf"))
#: A function that looks up several keys at once and returns the values that it finds, by key.
LookUp = Callable[[Collection[str]], Mapping[str, T]]


def look_up_each(look_up: Callable[[str], T | None]) -> LookUp[T]:
    """Turn a function that looks up one key into a function that looks up several keys. `look_up` returns None for a
    missing key."""
    return lambda keys: {key: value for key in keys if (value := look_up(key)) is not None}


class Bounded(Generic[K, T]):
    """A look-up with a time limit: it runs in another thread, and the caller stops waiting if the database hangs.

    Inside a transaction it runs in the caller's thread, because other threads don't see what the transaction wrote.
    """

    def __init__(self, look_up: Callable[[K], T], wait_seconds: float = WAIT_SECONDS) -> None:
        self._look_up = look_up
        self._wait_seconds = wait_seconds
        self._waiting: Queue[tuple[Future[T], K]] = Queue(MAX_WAITING)
        self._daemon = Daemon("look-up", self._work)

    def __call__(self, key: K) -> T:
        """Return the value of a key. Raises TimeoutError, or the error that the look-up itself raises."""
        if connection.in_atomic_block:
            return self._look_up(key)
        self._daemon.start()
        answer: Future[T] = Future()
        try:
            self._waiting.put_nowait((answer, key))
            return answer.result(self._wait_seconds)
        except Full:
            raise TimeoutError("too many look-ups wait") from None
        finally:
            answer.cancel()

    def _work(self) -> None:
        while True:
            answer, key = self._waiting.get()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                connection.close_if_unusable_or_obsolete()
                answer.set_result(self._look_up(key))
            except Exception as error:
                answer.set_exception(error)


class Cached(Generic[T]):
    """A look-up with a cache. A value is cached for `seconds`. If a key is missing, this is cached too, for a shorter
    time."""

    def __init__(self, look_up: LookUp[T], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._known: LRUCache[str, Known[T]] = LRUCache(MAX_CACHED)
        self._missing: LRUCache[str, Known[T]] = LRUCache(MAX_CACHED)
        self._rest_until = float("-inf")

    def find(self, key: str) -> Known[T]:
        """Return the value of a key, from the cache or the database. If the database is away, no error is raised; the
        result then has `checked=False`."""
        return self.find_all((key,))[key]

    def find_all(self, keys: Collection[str]) -> dict[str, Known[T]]:
        """Return the values of several keys. All keys that aren't in the cache are looked up in the database
        together."""
        now = self._clock()
        found: dict[str, Known[T]] = {}
        stale: dict[str, Known[T]] = {}
        with self._lock:
            for key in keys:
                found[key] = last = self._known.get(key) or self._missing.get(key) or NEVER
                if now >= last.until:
                    stale[key] = last
        return {**found, **self._ask(stale, now)} if stale else found

    def forget(self) -> None:
        """Empty the cache of this process."""
        with self._lock:
            self._known.clear()
            self._missing.clear()
            self._rest_until = float("-inf")

    def _ask(self, last: Mapping[str, Known[T]], now: float) -> dict[str, Known[T]]:
        """Look up keys in the database. `last`: their last known results, which are returned with `checked=False` if
        the database doesn't answer."""
        if now >= self._rest_until:
            try:
                rows = self._look_up(last.keys())
                return {key: self._keep(key, rows.get(key)) for key in last}
            except (Error, TimeoutError) as error:
                self._rest_until = self._clock() + REST_SECONDS
                logger.warning("the configuration database doesn't answer, hits are accepted unchecked: %r", error)
        return {key: Known(found.value, checked=False) for key, found in last.items()}

    def _keep(self, key: str, value: T | None) -> Known[T]:
        seconds = self._seconds if value is not None else min(MISS_SECONDS, self._seconds)
        found = Known(value, until=self._clock() + seconds)
        with self._lock:
            self._known.pop(key, None)
            self._missing.pop(key, None)
            (self._missing if value is None else self._known)[key] = found
        return found
