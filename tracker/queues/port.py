"""Port: the interface of the queue of batches. Once `send` returns, a batch can't get lost."""

from typing import Protocol

import msgspec

from tracker.collection.failure import Transient
from tracker.collection.hit import Batch


class QueueUnavailable(Transient):
    """The queue is away, blocked or too slow, or refused the batch. A later try may succeed."""


class QueueState(msgspec.Struct, frozen=True):
    """The state of the queue. `depth`: waiting batches; `consumers`: worker processes; `oldest_age`: seconds that the
    oldest batch has waited, by the markers; `dead`: batches that could not be processed."""

    depth: int
    consumers: int
    oldest_age: float
    dead: int = 0


class Taken(Protocol):
    """A batch that was taken from the queue. It stays in the queue until it is acknowledged, and is delivered again if
    the process that took it dies."""

    batch: Batch

    def acknowledge(self) -> None:
        """Tell the queue that the batch is processed and can be dropped."""

    def give_back(self) -> None:
        """Return the batch to the head of the queue."""


class HitQueue(Protocol):
    """The queue of batches between collection and the tasks that process them.

    When `send` returns, the batch is durable. Delivery is at least once and in any order: a batch may be delivered
    again, even after it was processed. No batch is dropped: one that can't be processed becomes a dead letter. Every
    method has a time limit and may raise QueueUnavailable. Even if `send` raised it, the batch may arrive.
    """

    def send(self, batch: Batch) -> None:
        """Store a batch in the queue, durably."""

    def get_next(self) -> Taken | None:
        """Take the batch that has waited longest; None if none waits."""

    def metadata(self) -> QueueState:
        """Return the state of the queue."""

    def is_idle(self) -> bool:
        """Whether every batch that was sent is processed, as far as the workers can tell."""

    def prepare(self) -> None:
        """Make the queues that are missing. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the queue works. Raises QueueUnavailable if it doesn't."""
