"""The HitQueue port and its adapters: a batch goes in, and once `send` returns it can't get lost."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from secrets import token_hex
from typing import Any, Protocol

import msgspec
from celery import signature
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils.module_loading import import_string
from kombu import Connection
from kombu.message import Message

from tracker.celery import DEAD, DEAD_QUEUE, FACTS, HITS, app
from tracker.hit import Batch, Unavailable, batch_id, decode_batch, encode_batch
from tracker.publish import CONFIRM_SECONDS, QueueUnavailable

__all__ = ["HitQueue", "QueueUnavailable", "open_queue", "send_marker", "wait_until_idle"]


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


class InlineQueue:
    """No queue: the chain runs before `send` returns, so what was sent is processed."""

    def send(self, batch: Batch) -> None:
        """See HitQueue."""
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()
        result: Any = encode_batch(batch)
        try:
            for step in settings.HIT_CHAIN:
                result = import_string(step)(result)
        except (Unavailable, OperationalError, InterfaceError) as error:
            raise QueueUnavailable(str(error)) from error

    def get_next(self) -> Taken | None:
        """See HitQueue. Nothing ever waits."""
        return None

    def metadata(self) -> QueueState:
        """See HitQueue."""
        return QueueState(depth=0, consumers=1, oldest_age=0.0)

    def is_idle(self) -> bool:
        """See HitQueue."""
        return True

    def prepare(self) -> None:
        """See HitQueue. There is nothing to make."""

    def check(self) -> None:
        """See HitQueue. The services behind it are checked by themselves."""


class RabbitQueue:
    """Celery's chain over RabbitMQ's quorum queues: one persistent, confirmed message a batch."""

    def send(self, batch: Batch) -> None:
        """See HitQueue."""
        dispatch(batch, settings.HIT_CHAIN)

    def get_next(self) -> Taken | None:
        """See HitQueue. The connection ends with the batch: acknowledged, given back, or by its process."""
        connection = connect()
        with bounded(connection):
            message = app.amqp.queues[HITS](connection.default_channel).get()
        if message is None:
            connection.release()
            return None
        return TakenMessage(connection, message)

    def metadata(self) -> QueueState:
        """See HitQueue."""
        with connect() as connection, bounded(connection):
            waiting, consumers = count(connection, HITS)
            facts, _ = count(connection, FACTS)
            dead, _ = count(connection, DEAD)
        depth = waiting + facts
        reached = import_string(settings.MARKER).reached()
        age = max(time.time() - reached / 1000, 0.0) if depth and reached else 0.0
        return QueueState(depth, consumers, age, dead)

    def is_idle(self) -> bool:
        """See HitQueue. Looks along the way of a batch, so that none can pass behind its back."""
        with connect() as connection, bounded(connection):
            waiting, workers = count(connection, HITS)
            if waiting or in_work(workers):
                return False
            facts, workers = count(connection, FACTS)
            return not facts and not in_work(workers)

    def prepare(self) -> None:
        """See HitQueue."""
        with connect() as connection, bounded(connection):
            for queue in (*app.amqp.queues.values(), DEAD_QUEUE):
                queue(connection.default_channel).declare()

    def check(self) -> None:
        """See HitQueue."""
        with connect() as connection, bounded(connection):
            count(connection, HITS)


class TakenMessage:
    """See Taken. A message on a connection of its own."""

    def __init__(self, connection: Connection, message: Message) -> None:
        self.connection = connection
        self.message = message
        self.batch = decode_batch(text_of(message.body))

    def acknowledge(self) -> None:
        """See Taken."""
        self._end(self.message.ack)

    def give_back(self) -> None:
        """See Taken."""
        self._end(self.message.requeue)

    def _end(self, settle: Callable[[], None]) -> None:
        with bounded(self.connection):
            settle()
        self.connection.release()


def dispatch(batch: Batch, steps: Sequence[str]) -> None:
    """Send a batch the way of these steps; returns once the broker has it for good."""
    first, *others = steps
    chain = [signature(step) for step in reversed(others)]
    import_string(first).apply_async((encode_batch(batch),), task_id=batch.id, root_id=batch.id, chain=chain)


def connect(heartbeat: int = 0) -> Connection:
    """A connection that the caller ends. With a heartbeat (seconds) the broker ends it if it hears nothing for long."""
    connection: Connection = app.connection_for_write(heartbeat=heartbeat)
    try:
        connection.ensure_connection(max_retries=0)
    except Exception as error:
        raise QueueUnavailable(f"the broker: {error}") from error
    return connection


@contextmanager
def bounded(connection: Connection) -> Iterator[None]:
    """Each answer of the broker within a few seconds; what else happens is QueueUnavailable."""
    try:
        with connection.connection.transport.having_timeout(CONFIRM_SECONDS):
            yield
    except (*connection.connection_errors, *connection.channel_errors) as error:
        raise QueueUnavailable(f"the broker: {type(error).__name__} {error}") from error


def count(connection: Connection, name: str) -> tuple[int, int]:
    """Messages that wait in a queue, and its consumers."""
    answer = connection.default_channel.queue_declare(name, passive=True)
    return answer.message_count, answer.consumer_count


def in_work(workers: int) -> bool:
    """Whether any of the workers has a batch in hand; a worker that doesn't answer may have one."""
    if not workers:
        return False
    look = app.control.inspect(timeout=CONFIRM_SECONDS, limit=workers)
    for found in (look.reserved(), look.active()):
        if not found or len(found) < workers:
            return True
        if any(task["name"] in settings.HIT_CHAIN for tasks in found.values() for task in tasks):
            return True
    return False


def text_of(body: bytes | str) -> str:
    """The batch's text in the body of a Celery message."""
    args, _, _ = msgspec.json.decode(body)
    return str(args[0])


@cache
def open_queue() -> HitQueue:
    """The queue that the settings name: RabbitMQ where BROKER_URL is set, else none."""
    return RabbitQueue() if settings.BROKER_URL else InlineQueue()


def new_batch_id() -> str:
    """The id of a batch that is closed now."""
    return batch_id(time.time_ns() // 1_000_000, token_hex(8))


def send_marker() -> None:
    """Send an empty batch: once it came through, what was sent before has."""
    open_queue().send(Batch(new_batch_id()))


def wait_until_idle(seconds: float) -> bool:
    """Send a marker and wait until it and all that was sent before is processed; whether that came to be in time."""
    deadline = time.monotonic() + seconds
    send_marker()
    # Twice, for the broker takes a moment to see that a worker died and to offer its batches again.
    quiet = 0
    while quiet < 2:
        quiet = quiet + 1 if open_queue().is_idle() else 0
        if quiet < 2:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
    return True
