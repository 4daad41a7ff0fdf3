"""Broker: connections to RabbitMQ that read its queues. Each call is bounded in time."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from django.conf import settings
from kombu import Connection

from tracker.celery import app
from tracker.queues.port import QueueUnavailable

#: The broker must answer or confirm within this many seconds. Otherwise it counts as away.
ANSWER_SECONDS = 3.0


def connect(heartbeat: int = 0) -> Connection:
    """Open a connection, which the caller closes. With a heartbeat (seconds), the broker closes the connection if the
    process is gone."""
    try:
        connection: Connection = app.connection_for_write(heartbeat=heartbeat)
        connection.ensure_connection(max_retries=0)
    except Exception as error:
        raise QueueUnavailable(f"the broker: {error}") from error
    return connection


@contextmanager
def bounded(connection: Connection) -> Iterator[None]:
    """Limit each answer of the broker in time. A late answer and every error of the connection raise
    QueueUnavailable."""
    try:
        with connection.connection.transport.having_timeout(ANSWER_SECONDS):
            yield
    except (*connection.connection_errors, *connection.channel_errors) as error:
        raise QueueUnavailable(f"the broker: {type(error).__name__} {error}") from error


def count(connection: Connection, name: str) -> tuple[int, int]:
    """Return the number of messages that wait in a queue, and the number of its consumers."""
    answer = connection.default_channel.queue_declare(name, passive=True)
    return answer.message_count, answer.consumer_count


def in_work(workers: int) -> bool:
    """Whether a worker holds a batch. A worker that doesn't answer counts as one that does."""
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
    """Read the batch's text from the body of a Celery message."""
    args, _, _ = msgspec.json.decode(body)
    return str(args[0])
