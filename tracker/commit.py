"""Commit: joins the hits of requests that come at the same time to one batch, and sends it to the queue. One send for
many requests takes less time (group commit)."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache
from os import getpid
from threading import Condition

import msgspec
from django.conf import settings
from django.db import connection

from tracker.collection.hit import BATCH_MAX_BYTES, Batch, Hit, encoded_size
from tracker.daemon import Daemon
from tracker.prometheus import count_batch
from tracker.queues import HitQueue, QueueUnavailable, new_batch_id, open_queue

logger = logging.getLogger(__name__)

#: A request waits at most this many seconds for its hits to be stored. After that it is refused, and the client sends
#: the hits again.
SEND_SECONDS = 4.0
#: At most this many bytes of hits may wait to be sent.
MAX_WAITING_BYTES = 32 << 20


class Portion(msgspec.Struct, eq=False):
    """Hits of one request that go into the same batch. `size`: the bytes of these hits in the batch. `done`: a future
    that is resolved once the hits are durable."""

    hits: list[Hit]
    size: int
    done: Future[None]


class Committer:
    """Sends the hits of all requests of this process to the queue, one batch after the other. Hits that come while a
    batch is sent make up the next batch.

    Under load, the next batch waits until it has as many hits as the last one, but at most `linger` seconds.
    """

    def __init__(self, queue: HitQueue, max_hits: int, linger: float, new_id: Callable[[], str] = new_batch_id) -> None:
        self._queue = queue
        self._max_hits = max_hits
        self._linger = linger
        self._new_id = new_id
        self._changed = Condition()
        self._waiting: deque[Portion] = deque()
        self._hits = self._bytes = 0
        self._last = 1
        self._daemon = Daemon("commit", self._work)

    def send(self, hits: Sequence[Hit], seconds: float = SEND_SECONDS) -> None:
        """Pass the hits to the committer's thread, and return once all of them are durable. Raises Transient after
        `seconds`, or if a batch could not be sent; some hits may be durable even then."""
        deadline = time.monotonic() + seconds
        parts = split_hits(hits, self._max_hits)
        self._add(parts)
        try:
            for part in parts:
                part.done.result(max(deadline - time.monotonic(), 0.0))
        except TimeoutError as error:
            raise QueueUnavailable("the queue is too slow") from error
        finally:
            for part in parts:
                part.done.cancel()  # A portion that still waits is then left out of every batch.

    def commit(self, parts: Sequence[Portion]) -> None:
        """Send the portions as one batch, and resolve their futures. If the batch can't be sent, each future gets the
        error."""
        parts = [part for part in parts if part.done.set_running_or_notify_cancel()]
        if not parts:
            return
        hits = tuple(hit for part in parts for hit in part.hits)
        began = time.monotonic()
        try:
            self._queue.send(Batch(self._new_id(), hits))
        except BaseException as error:
            count_batch(len(hits), None)
            logger.warning("a batch of %d requests could not be stored, they are answered 503: %r", len(parts), error)
            for part in parts:
                part.done.set_exception(error)
            return
        count_batch(len(hits), time.monotonic() - began)
        for part in parts:
            part.done.set_result(None)

    def _add(self, parts: Sequence[Portion]) -> None:
        with self._changed:
            if self._bytes > MAX_WAITING_BYTES:
                raise QueueUnavailable("too many hits wait for the queue")
            self._daemon.start()
            self._waiting.extend(parts)
            self._hits += sum(len(part.hits) for part in parts)
            self._bytes += sum(part.size for part in parts)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            self.commit(self._take())

    def _take(self) -> list[Portion]:
        """Wait until there are hits. Then take the portions that make up the next batch."""
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            if self._last > 1 and self._linger:
                self._changed.wait_for(lambda: self._hits >= self._last, self._linger)
            parts: list[Portion] = []
            hits = size = 0
            while self._waiting and fits(self._waiting[0], hits, size, self._max_hits):
                part = self._waiting.popleft()
                parts.append(part)
                hits, size = hits + len(part.hits), size + part.size
            self._hits -= hits
            self._bytes -= size
            self._last = hits
            return parts


def fits(part: Portion, hits: int, size: int, max_hits: int) -> bool:
    """Whether a portion fits into a batch that already has `hits` hits and `size` bytes. A portion always fits into an
    empty batch."""
    return not hits or (hits + len(part.hits) <= max_hits and size + part.size <= BATCH_MAX_BYTES)


def split_hits(hits: Sequence[Hit], max_hits: int) -> list[Portion]:
    """Divide the hits of a request into portions, each of which fits into one batch."""
    parts: list[Portion] = []
    for hit in hits:
        one = Portion([hit], encoded_size(hit), Future())
        if parts and fits(one, len(parts[-1].hits), parts[-1].size, max_hits):
            parts[-1].hits.append(hit)
            parts[-1].size += one.size
        else:
            parts.append(one)
    return parts


def send_hits(hits: Sequence[Hit], seconds: float = SEND_SECONDS) -> None:
    """Send the hits to the queue, and return once all of them are durable. Raises Transient, after `seconds` at the
    latest."""
    if not hits:
        return
    committer = _committer_of(getpid())
    if not settings.BROKER_URL and connection.in_atomic_block:
        # The committer's thread would not see what this transaction wrote, and would wait for the transaction's locks.
        send_here(committer, hits)
    else:
        committer.send(hits, seconds)


def send_here(committer: Committer, hits: Sequence[Hit]) -> None:
    """Send the hits in the caller's own thread, in one batch for each portion."""
    for part in split_hits(hits, settings.HIT_BATCH_MAX):
        committer.commit([part])
        part.done.result()


@cache
def _committer_of(_pid: int) -> Committer:
    return Committer(open_queue(), settings.HIT_BATCH_MAX, settings.HIT_LINGER_MS / 1000)
