"""RabbitMQ: the queue of batches on RabbitMQ. A batch is the message of a Celery task."""

import re
import time
from collections.abc import Callable, Sequence

from celery import signature
from django.conf import settings
from django.utils.module_loading import import_string
from kombu import Connection
from kombu.message import Message

from tracker.celery import DEAD, DEAD_QUEUE, FACTS, HITS, app
from tracker.collection.hit import Batch, decode_batch, encode_batch
from tracker.queues.broker import ANSWER_SECONDS, bounded, connect, count, in_work, text_of
from tracker.queues.port import QueueState, Taken

OLDEST = (3, 10)
#: A name that no queue has. The broker confirms a check's message to it and stores nothing.
NOWHERE = f"{settings.QUEUE_PREFIX}nowhere"


class RabbitQueue:
    """The queue of batches on RabbitMQ's quorum queues. A batch is one durable message, whose storage the broker
    confirms."""

    def send(self, batch: Batch) -> None:
        """Send a batch to the first task, and return once the broker has stored it. Raises QueueUnavailable."""
        dispatch(batch, settings.HIT_CHAIN)

    def get_next(self) -> Taken | None:
        """Take the batch that has waited longest, on a new connection; None if none waits. If the process ends, the
        batch returns to the queue."""
        connection = connect()
        with bounded(connection):
            message = app.amqp.queues[HITS](connection.default_channel).get()
        if message is None:
            connection.release()
            return None
        return TakenMessage(connection, message)

    def metadata(self) -> QueueState:
        """Return how many batches wait, how long the oldest has waited, and how many workers and dead letters there
        are."""
        with connect() as connection, bounded(connection):
            waiting, consumers = count(connection, HITS)
            facts, _ = count(connection, FACTS)
            dead, _ = count(connection, DEAD)
        depth = waiting + facts
        reached = import_string(settings.MARKER).reached()
        age = max(time.time() - reached / 1000, 0.0) if depth and reached else 0.0
        return QueueState(depth, consumers, age, dead)

    def is_idle(self) -> bool:
        """Whether no batch waits or is being processed. The queues are read in the order in which batches go through
        them: a batch that moves on meanwhile is then found in a later queue."""
        with connect() as connection, bounded(connection):
            waiting, workers = count(connection, HITS)
            if waiting or in_work(workers):
                return False
            facts, workers = count(connection, FACTS)
            return not facts and not in_work(workers)

    def prepare(self) -> None:
        """Make the queues. Raises RuntimeError if RabbitMQ is too old."""
        with connect() as connection, bounded(connection):
            check_version(str(connection.connection.server_properties.get("version", "")))
            for queue in (*app.amqp.queues.values(), DEAD_QUEUE):
                queue(connection.default_channel).declare()

    def check(self) -> None:
        """Check that the broker answers, and that it accepts messages. A broker that is short of disk or memory accepts
        none, although it answers. Raises QueueUnavailable."""
        with connect() as connection, bounded(connection):
            count(connection, HITS)
            connection.Producer(auto_declare=False).publish(
                b"", routing_key=NOWHERE, retry=False, confirm_timeout=ANSWER_SECONDS
            )


def check_version(version: str) -> None:
    """Check that RabbitMQ is not too old for dead letters that can't get lost, and for messages that expire. Raises
    RuntimeError."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise RuntimeError(f"RabbitMQ {version} is too old, from {OLDEST[0]}.{OLDEST[1]} on it will do")


class TakenMessage:
    """A batch that was taken from RabbitMQ, with its message and the connection on which it came."""

    def __init__(self, connection: Connection, message: Message) -> None:
        self.connection = connection
        self.message = message
        self.batch = decode_batch(text_of(message.body))

    def acknowledge(self) -> None:
        """Acknowledge the message, and close its connection."""
        self._end(self.message.ack)

    def give_back(self) -> None:
        """Return the message to its queue, and close its connection."""
        self._end(self.message.requeue)

    def _end(self, settle: Callable[[], None]) -> None:
        with bounded(self.connection):
            settle()
        self.connection.release()


def dispatch(batch: Batch, steps: Sequence[str]) -> None:
    """Send a batch to the first of the tasks `steps`; each task sends it on to the next. Return once the broker has
    stored the first message. Raises QueueUnavailable."""
    first, *others = steps
    chain = [signature(step) for step in reversed(others)]
    import_string(first).apply_async((encode_batch(batch),), task_id=batch.id, root_id=batch.id, chain=chain)
