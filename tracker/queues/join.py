"""Join: lets a worker join the batches that wait in the queue to a single one, because a large batch takes hardly
longer than a small one.

The joined batches stay in the queue until the message to the next task is stored. If the worker dies before that,
nothing is lost.
"""

import logging
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from os import getpid
from typing import Any

from django.conf import settings
from kombu import Connection
from kombu.message import Message

from tracker.away import AWAY
from tracker.celery import HITS, app
from tracker.collection.hit import BATCH_MAX_BYTES, BadBatch, Batch, batch_id, decode_batch, encode_batch
from tracker.queues.broker import bounded, connect, text_of
from tracker.queues.port import QueueUnavailable
from tracker.queues.rabbit import dispatch
from tracker.queues.step import UNNOTED, Step, note_put_back

logger = logging.getLogger(__name__)

#: The heartbeat (seconds). If a host vanishes, the broker delivers its batches again after twice this time.
HEARTBEAT_SECONDS = 60
#: The most time (ms) between the making of two joined batches. The joined batch gets the time of its latest batch,
#: which is then at most a day after each of them. A replay looks for a hit in objects that were made up to a day after
#: the hit's own batch.
APART_MS = 12 * 3_600_000


class Joiner:
    """Takes waiting batches from the queue and joins them, on its own connection. Only one thread uses it, for one task
    at a time."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._messages: list[Message] = []
        self._batches: list[Batch] = []

    def join(self, batch: Batch, size: int) -> Batch | None:
        """Join a batch with batches that wait in the queue, and return the result; None if none waits or the broker is
        away. `size`: the bytes of the batch.

        A batch is taken only while there is room for one as large as the largest so far. If a taken batch was made much
        earlier or later, it is sent to the queue again, and no more batches are taken. If the broker has delivered a
        taken batch before, it is joined, and no more batches are taken: this batch may kill workers, and few others
        should be joined to it.
        """
        if self._messages:
            self.close()  # A task failed after an earlier join. The broker delivers its batches again.
        hits = most_hits = len(batch.hits)
        most_size = size
        while hits and hits + most_hits <= settings.HIT_BATCH_MAX and size + most_size <= BATCH_MAX_BYTES:
            message = self._take()
            if message is None:
                break
            if is_apart(batch, self._batches[-1]):
                send_separately([self._batches.pop()])
                break
            taken = len(self._batches[-1].hits), len(message.body)
            hits, most_hits = hits + taken[0], max(most_hits, taken[0])
            size, most_size = size + taken[1], max(most_size, taken[1])
            if message.delivery_info["redelivered"]:
                break
        return joined([batch, *self._batches]) if self._batches else None

    def acknowledge(self) -> None:
        """Acknowledge the batches that were joined, because the next task has their hits now. Before this, send the
        markers among them to the next task."""
        for batch in self._batches:
            if not batch.hits:
                dispatch(batch, settings.HIT_CHAIN[1:])
        self._settle()

    def put_down(self) -> None:
        """Send each batch that was joined to the queue again, and acknowledge its old message. If the old messages were
        returned to the broker instead, the broker would count failed deliveries."""
        send_separately(self._batches)
        self._settle()

    def close(self) -> None:
        """Close the connection. The broker then delivers the batches that were taken again. The next `join` opens a new
        connection."""
        connection, self._connection = self._connection, None
        self._messages, self._batches = [], []
        if connection is not None:
            with suppress(Exception):
                connection.collect()

    def _take(self) -> Message | None:
        """Take the batch that has waited longest; None if none waits or the broker is away."""
        message = self._get()
        if message is None:
            return None
        try:
            batch = decode_batch(text_of(message.body))
        except (BadBatch, ValueError, LookupError, TypeError):
            logger.exception("a message of hits can't be read and becomes a dead letter")
            message.reject()
            return None
        self._messages.append(message)
        self._batches.append(batch)
        return message

    def _get(self) -> Message | None:
        """Take the next message from the queue; None if none waits or the broker is away. The broker may have closed
        the connection since its last use. If no taken batch depends on it, try once more on a new one."""
        try:
            return self._ask()
        except QueueUnavailable:
            in_hand = bool(self._messages)
            self.close()
        try:
            return None if in_hand else self._ask()
        except QueueUnavailable as error:
            logger.warning("batches are not joined now: %s", error)
            self.close()
            return None

    def _ask(self) -> Message | None:
        self._connection = self._connection or connect(HEARTBEAT_SECONDS)
        with bounded(self._connection):
            message: Message | None = app.amqp.queues[HITS](self._connection.default_channel).get()
            return message

    def _settle(self) -> None:
        """Acknowledge all messages that were taken. If this fails, the broker delivers them again, which does no
        harm."""
        if self._connection and self._messages:
            try:
                with bounded(self._connection):
                    self._messages[-1].ack(multiple=True)
            except QueueUnavailable as error:
                logger.warning("joined batches will be redelivered: %s", error)
                self.close()
        self._messages, self._batches = [], []


class Joining(Step):
    """Base of tasks that join waiting batches to their own. If the task fails on the joined batch, it runs on its own
    batch alone, and the others return to the queue."""

    abstract = True
    takes_batch = True

    def __call__(self, text: str) -> Any:
        """Run the task on its batch (JSON text), joined with waiting batches if there are any."""
        if self.is_direct():
            return self.run(text)
        whole = None if self.is_redelivered() else open_joiner().join(decode_batch(text), len(text))
        if whole is not None:
            try:
                return self.run(encode_batch(whole))
            except Exception as error:
                logger.warning("batch %s goes on without the joined batches: %r", whole.id, error)
                open_joiner().put_down()
        return super().__call__(text)

    def is_redelivered(self) -> bool:
        """Whether the broker has delivered the task's message before."""
        return bool((self.request.delivery_info or {}).get("redelivered"))

    def on_success(self, *_: Any) -> None:
        """Acknowledge the batches that were joined. Celery calls this after the message to the next task is stored."""
        open_joiner().acknowledge()


def is_apart(batch: Batch, other: Batch) -> bool:
    """Whether two batches were made so far apart in time that they must not be joined. False if one of them is a
    marker (a batch without hits)."""
    return bool(other.hits) and abs(other.made_at - batch.made_at) > APART_MS


def send_separately(batches: list[Batch]) -> None:
    """Send each of the batches to the end of the queue, as a message of its own."""
    try:
        note_put_back(batches)
    except AWAY:
        logger.exception(UNNOTED)
    for batch in batches:
        dispatch(batch, settings.HIT_CHAIN)


def joined(batches: list[Batch]) -> Batch:
    """Join batches to one, whose time is the time of the latest. Markers among them add nothing.

    The id of the joined batch is a hash of all their ids. If it were the id of one of them, two different joins could
    get the same id. The archive would then replace the object of the first by the object of the second.
    """
    full = [batch for batch in batches if batch.hits]
    if len(full) == 1:
        return full[0]
    ids = "\n".join(sorted(batch.id for batch in full))
    made_at = max(batch.made_at for batch in full)
    name = batch_id(made_at, blake2b(ids.encode(), digest_size=8).hexdigest())
    return Batch(name, tuple(hit for batch in full for hit in batch.hits))


def open_joiner() -> Joiner:
    """Return the Joiner of this process. A forked process gets its own."""
    return _joiner_of(getpid())


@cache
def _joiner_of(_pid: int) -> Joiner:
    return Joiner()
