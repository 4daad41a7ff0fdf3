"""The HitQueue port: a batch goes in, and once `send` returns it can't get lost."""

from typing import Protocol

import msgspec

from tracker.collection.failure import Transient
from tracker.collection.hit import Batch


class QueueUnavailable(Transient):
    """The queue is away, blocked or too slow, or refused the batch. Trying again later may help."""


class QueueState(msgspec.Struct, frozen=True):
    """Batches that wait, processes that take them, for how long the oldest has waited (seconds, by the markers), and
    batches that could not be processed."""

    depth: int
    consumers: int
    oldest_age: float
    dead: int = 0


class Taken(Protocol):
    """A batch in hand: it stays the queue's until it is acknowledged, and is the next one again if its taker dies."""

    batch: Batch

    def acknowledge(self) -> None:
        """It is processed; the queue may forget it."""

    def give_back(self) -> None:
        """It is the next one again."""


class HitQueue(Protocol):
    """Batches between the door and the chain.

    `send` is durable when it returns. Delivery is at least once: a batch may come again, also after it was processed,
    and batches may come in any order. None is dropped: what can't be processed is dead-lettered.
    Every method is bounded in time and may raise QueueUnavailable; a batch whose `send` raised may still arrive.
    """

    def send(self, batch: Batch) -> None:
        """Keep a batch for the chain."""

    def get_next(self) -> Taken | None:
        """Take the batch that has waited longest for its first step; None if none waits."""

    def metadata(self) -> QueueState:
        """How the queue is."""

    def is_idle(self) -> bool:
        """Whether every batch that was sent before has been processed, as far as the queue's workers can tell."""

    def prepare(self) -> None:
        """Make what is missing. Safe to repeat."""

    def check(self) -> None:
        """Answer quickly if the queue works; QueueUnavailable if not."""
