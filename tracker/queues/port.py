"""Port: the HitQueue, which takes batches. Once `send` returns, a batch can't get lost."""

from typing import Protocol

import msgspec

from tracker.collection.failure import Transient
from tracker.collection.hit import Batch


class QueueUnavailable(Transient):
    """The queue is away, blocked or too slow, or it refused the batch. A later try may succeed."""


class QueueState(msgspec.Struct, frozen=True):
    """The state of a queue: how many batches wait, how many processes take them, how long the oldest has waited
    (seconds, by the markers), and how many could not be processed."""

    depth: int
    consumers: int
    oldest_age: float
    dead: int = 0


class Taken(Protocol):
    """A batch that was taken. It stays in the queue until it is acknowledged. If the process that took it dies, it is
    delivered again."""

    batch: Batch

    def acknowledge(self) -> None:
        """Tell the queue that the batch is processed. The queue may drop it."""

    def give_back(self) -> None:
        """Return the batch to the head of the queue."""


class HitQueue(Protocol):
    """The queue of batches between collection and the chain of tasks.

    A batch is durable when `send` returns. Delivery is at least once and in any order: a batch may come again, even
    after it was processed. No batch is dropped: one that can't be processed becomes a dead letter. Every method is
    bounded in time and may raise QueueUnavailable. A batch whose `send` raised may still arrive.
    """

    def send(self, batch: Batch) -> None:
        """Store a batch for the chain."""

    def get_next(self) -> Taken | None:
        """Take the batch that has waited longest for its first step; None if none waits."""

    def metadata(self) -> QueueState:
        """Return the state of the queue."""

    def is_idle(self) -> bool:
        """Whether every batch that was sent before has been processed, as far as the queue's workers can tell."""

    def prepare(self) -> None:
        """Make the missing queues. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the queue works. Raises QueueUnavailable if not."""
