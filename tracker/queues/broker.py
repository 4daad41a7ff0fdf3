"""Broker: connects to RabbitMQ and reads the state of its queues. Each call has a time limit."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from django.conf import settings
from kombu import Connection

from tracker.celery import app
from tracker.queues.port import QueueUnavailable

#: The most seconds to wait for the broker. After that it counts as away.
ANSWER_SECONDS = 3.0


def connect(heartbeat: int = 0) -> Connection:
    """Open a connection to the broker; the caller must close it. With a `heartbeat` (seconds) the broker notices if
    this process dies. Raises QueueUnavailable."""
    try:
        connection: Connection = app.connection_for_write(heartbeat=heartbeat)
        connection.ensure_connection(max_retries=0)
    except Exception as error:
        raise QueueUnavailable(f"the broker: {error}") from error
    return connection


@contextmanager
def bounded(connection: Connection) -> Iterator[None]:
    """Context manager in which each call to the broker has a time limit. Raises QueueUnavailable for a late answer, and
    for errors of the connection."""
    try:
        with connection.connection.transport.having_timeout(ANSWER_SECONDS):
            yield
    except (*connection.connection_errors, *connection.channel_errors) as error:
        raise QueueUnavailable(f"the broker: {type(error).__name__} {error}") from error


def count(connection: Connection, name: str) -> tuple[int, int]:
    """Return how many messages wait in a queue, and how many consumers (workers) it has. `name`: the queue's name."""
    answer = connection.default_channel.queue_declare(name, passive=True)
    return answer.message_count, answer.consumer_count


def in_work(workers: int) -> bool:
    """Whether a worker of a queue is processing a batch now. `workers`: how many workers the queue has. A worker that
    doesn't answer counts as busy."""
    if not workers:
        return False
    look = app.control.inspect(timeout=ANSWER_SECONDS, limit=workers)
    for found in (look.reserved(), look.active()):
        if not found or len(found) < workers:
            return True
        if any(task["name"] in settings.HIT_CHAIN for tasks in found.values() for task in tasks):
            return True
    return False


def text_of(body: bytes | str) -> str:
    """Return the batch in the body of a Celery message, as JSON text."""
    args, _, _ = msgspec.json.decode(body)
    return str(args[0])
