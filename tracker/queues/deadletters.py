"""Dead letters: lists the batches that could not be processed, and sends them to be processed again. RabbitMQ stores
them in a queue of their own."""

from collections.abc import Iterator
from typing import Any

import msgspec
from kombu import Connection
from kombu.message import Message

from tracker.celery import DEAD, DEAD_QUEUE
from tracker.collection.hit import BadBatch, Batch, decode_batch
from tracker.queues.broker import ANSWER_SECONDS, bounded, connect, count, text_of


class DeadLetter(msgspec.Struct, frozen=True):
    """A batch that could not be processed. `task`: the task that failed; `queue`: its queue; `reason`: the broker's
    reason. `hits`: the number of its hits, None if the batch can't be read."""

    batch: str
    task: str
    queue: str
    reason: str
    hits: int | None


def read_dead_letters(limit: int) -> list[DeadLetter]:
    """Return the oldest dead letters, at most `limit`. They stay where they are. Raises QueueUnavailable."""
    with connect() as connection, bounded(connection):
        return [read_dead_letter(message) for message in take_messages(connection, limit)]


def retry_dead_letters(limit: int) -> Iterator[DeadLetter]:
    """Send the oldest dead letters, at most `limit`, to their queues again, and yield each. A dead letter is removed
    after the broker has stored the new message. Raises QueueUnavailable."""
    with connect() as connection, bounded(connection):
        for message in take_messages(connection, limit):
            letter = read_dead_letter(message)
            return_to_queue(connection, message, letter.queue)
            message.ack()
            yield letter


def take_messages(connection: Connection, limit: int) -> Iterator[Message]:
    """Take messages from the queue of dead letters, at most `limit`. The caller acknowledges the messages that it wants
    to remove. All others return to the queue when the connection ends.

    Messages that come during the loop are left alone. Otherwise the loop might never end: a message that is sent again
    may come back at once as a dead letter.
    """
    waiting, _ = count(connection, DEAD)
    for _ in range(min(limit, waiting)):
        message = DEAD_QUEUE(connection.default_channel).get()
        if message is None:
            return
        yield message


def read_dead_letter(message: Message) -> DeadLetter:
    """Read a dead letter from the broker's message: the batch in its body, and the reason in its headers."""
    headers: dict[str, Any] = message.headers or {}
    death: dict[str, Any] = (headers.get("x-death") or [{}])[0]
    try:
        batch: Batch | None = decode_batch(text_of(message.body))
    except (BadBatch, msgspec.DecodeError, LookupError, TypeError):
        batch = None
    return DeadLetter(
        batch=batch.id if batch else str(headers.get("root_id") or headers.get("id") or ""),
        task=str(headers.get("task") or ""),
        queue=str(death.get("queue") or headers.get("x-first-death-queue") or ""),
        reason=str(death.get("reason") or headers.get("x-first-death-reason") or ""),
        hits=len(batch.hits) if batch else None,
    )


def return_to_queue(connection: Connection, message: Message, queue: str) -> None:
    """Send a message to the queue `queue` again, without the headers in which the broker noted its failure. Return once
    the broker has stored it."""
    headers = {name: value for name, value in message.headers.items() if not name.startswith(("x-death", "x-first"))}
    headers.pop("x-delivery-count", None)
    connection.Producer(auto_declare=False).publish(
        message.body,
        routing_key=queue,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=headers,
        delivery_mode=2,
        correlation_id=message.properties.get("correlation_id"),
        mandatory=True,
        retry=False,
        confirm_timeout=ANSWER_SECONDS,
    )
