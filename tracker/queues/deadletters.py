"""Dead letters: batches that their tasks could not process, as the broker keeps them; looked at, or tried again."""

from collections.abc import Iterator
from typing import Any

import msgspec
from kombu import Connection
from kombu.message import Message

from tracker.celery import DEAD, DEAD_QUEUE
from tracker.collection.hit import BadBatch, Batch, decode_batch
from tracker.queues.broker import ANSWER_SECONDS, bounded, connect, count, text_of


class DeadLetter(msgspec.Struct, frozen=True):
    """One dead message: whose it was, and why it ended here. `hits` is None where its batch can't be read."""

    batch: str
    task: str
    queue: str
    reason: str
    hits: int | None


def read_dead_letters(limit: int) -> list[DeadLetter]:
    """The oldest dead letters, at most `limit`; they stay where they are."""
    with connect() as connection, bounded(connection):
        return [read(message) for message in take(connection, limit)]


def retry_dead_letters(limit: int) -> Iterator[DeadLetter]:
    """Sends the oldest dead letters to their queues again; each is gone from the dead once the broker confirmed it."""
    with connect() as connection, bounded(connection):
        for message in take(connection, limit):
            letter = read(message)
            send_again(connection, message, letter.queue)
            message.ack()
            yield letter


def take(connection: Connection, limit: int) -> Iterator[Message]:
    """Messages of the dead; those that are not acknowledged go back when the connection ends.

    No more than lie there at first: what is sent again may be back at once, and would go round for ever.
    """
    waiting, _ = count(connection, DEAD)
    for _ in range(min(limit, waiting)):
        message = DEAD_QUEUE(connection.default_channel).get()
        if message is None:
            return
        yield message


def read(message: Message) -> DeadLetter:
    """What a dead message says of itself."""
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


def send_again(connection: Connection, message: Message, queue: str) -> None:
    """The same message, without what the broker noted of its death, confirmed."""
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
