"""Port: the interface of the queue of batches, and what every queue guarantees. Once `send` returns, a batch can't get
lost."""

from typing import Protocol

import msgspec

from tracker.collection.failure import Transient
from tracker.collection.hit import Batch


class QueueUnavailable(Transient):
    """The queue is away, blocked or too slow, or refused the batch. A later try may succeed."""


class QueueState(msgspec.Struct, frozen=True):
    """The state of the queue. `depth`: how many batches wait. `consumers`: how many worker processes take batches.
    `oldest_age`: how many seconds the oldest batch has waited, by the markers. `dead`: how many batches could not be
    processed."""

    depth: int
    consumers: int
    oldest_age: float
    dead: int = 0


class Taken(Protocol):
    """A batch that was taken from the queue to process it. If the process dies before it calls `acknowledge`, the queue
    delivers the batch again."""

    batch: Batch

    def acknowledge(self) -> None:
        """Say that the batch is processed. The queue then removes it."""

    def give_back(self) -> None:
        """Return the batch to the head of the queue, unprocessed."""


class HitQueue(Protocol):
    """The queue of batches between collection and the tasks that process them.

    When `send` returns, the batch is durable. Batches may be delivered in any order, and several times, even after they
    were processed. No batch is dropped: one that can't be processed becomes a dead letter. Every method has a time
    limit and may raise QueueUnavailable. Even if `send` raises it, the batch may be in the queue.
    """

    def send(self, batch: Batch) -> None:
        """Store a batch durably in the queue."""

    def get_next(self) -> Taken | None:
        """Take the batch that has waited longest; None if none waits."""

    def metadata(self) -> QueueState:
        """Return how many batches wait, for how long, and how many could not be processed."""

    def is_idle(self) -> bool:
        """Whether every batch that was sent is processed. A worker that doesn't say whether it is busy counts as
        busy."""

    def prepare(self) -> None:
        """Make the queues that are missing."""

    def check(self) -> None:
        """Check quickly that the queue works. Raises QueueUnavailable if it doesn't."""
