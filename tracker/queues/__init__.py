"""Queues: the queue (RabbitMQ) in which batches of hits wait until tasks process them. An embedded tracker has no queue
and processes each batch at once."""

import time
from functools import cache
from secrets import token_hex

from django.conf import settings

from tracker.collection.hit import Batch, batch_id
from tracker.queues.inline import InlineQueue
from tracker.queues.port import HitQueue, QueueUnavailable
from tracker.queues.rabbit import RabbitQueue

__all__ = ["HitQueue", "QueueUnavailable", "new_batch_id", "open_queue", "send_marker", "wait_until_idle"]


@cache
def open_queue() -> HitQueue:
    """Return the queue that the settings name: RabbitMQ if BROKER_URL is set, otherwise the embedded tracker's."""
    return RabbitQueue() if settings.BROKER_URL else InlineQueue()


def new_batch_id() -> str:
    """Return the id for a batch that is made now."""
    return batch_id(time.time_ns() // 1_000_000, token_hex(8))


def send_marker() -> None:
    """Send an empty batch, which is called a marker. Once the marker is processed, every batch that was sent before it
    is processed."""
    open_queue().send(Batch(new_batch_id()))


def wait_until_idle(seconds: float) -> bool:
    """Send a marker, and wait until the marker and every batch before it are processed. Return whether that happened
    within `seconds`."""
    deadline = time.monotonic() + seconds
    send_marker()
    # The queue must be idle at two checks. The broker takes a moment to see that a worker died and to deliver the
    # worker's batches again.
    quiet = 0
    while quiet < 2:
        quiet = quiet + 1 if open_queue().is_idle() else 0
        if quiet < 2:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
    return True
