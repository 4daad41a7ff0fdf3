"""RabbitMQ: the adapter of the HitQueue port whose work is done by Celery's chain."""

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

#: No queue has this name: the broker confirms a message for it and keeps nothing.
NOWHERE = f"{settings.QUEUE_PREFIX}nowhere"


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
        """See HitQueue. A broker that blocks its publishers confirms nothing, and this is a message like any other."""
        with connect() as connection, bounded(connection):
            count(connection, HITS)
            connection.Producer(auto_declare=False).publish(
                b"", routing_key=NOWHERE, retry=False, confirm_timeout=ANSWER_SECONDS
            )


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
