"""Join: a worker joins waiting batches with the one that it holds, because a batch costs nearly the same whatever its
size.

Joined batches stay in the queue until the next step's message is confirmed. If the worker dies before that, nothing is
lost.
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

#: The heartbeat, seconds. If a host vanishes, the broker redelivers its batches after twice this time.
HEARTBEAT_SECONDS = 60
#: A batch is joined only if it was made at most this long (ms) before or after the held one. The joined batch has the
#: time of its latest batch, which is then at most a day after each of its batches. A replay looks for a hit in objects
#: that were made up to a day after the hit's own batch.
APART_MS = 12 * 3_600_000


class Joiner:
    """Joins batches on its own connection. One thread uses it, for one batch at a time."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._messages: list[Message] = []
        self._batches: list[Batch] = []

    def join(self, batch: Batch, size: int) -> Batch | None:
        """Join the batch (of `size` bytes) with those that wait; None if none waits or the broker is away.

        A further batch is taken while one as large as the largest so far would still fit the bounds of a batch. If it
        is even larger, the joined batch exceeds the bounds. A batch that was made too long before or after the held one
        is sent again by itself, and no further batch is joined. A batch that was delivered before is the last to be
        joined: it may be the one that kills workers, and must not take others with it twice.
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
        """Send the joined markers to the next step, behind the message with the joined hits. Then acknowledge the
        joined batches."""
        for batch in self._batches:
            if not batch.hits:
                dispatch(batch, settings.HIT_CHAIN[1:])
        self._settle()

    def put_down(self) -> None:
        """Send each joined batch again by itself. If a batch were returned to the broker, each return would count as a
        failed delivery."""
        send_separately(self._batches)
        self._settle()

    def close(self) -> None:
        """Close the connection. The broker redelivers the held batches, and the next batch opens another connection."""
        connection, self._connection = self._connection, None
        self._messages, self._batches = [], []
        if connection is not None:
            with suppress(Exception):
                connection.collect()

    def _take(self) -> Message | None:
        """Take the batch that has waited longest; None if there is none or the broker is away."""
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
        """Take the next message. If that fails and no batch is held, try once more on a new connection, because the
        broker may have closed the old one."""
        try:
            return self._ask()
        except QueueUnavailable:
            in_hand = bool(self._messages)
            self.close()
        try:
            return None if in_hand else self._ask()
        except QueueUnavailable as error:
            logger.warning("no batch is joined: %s", error)
            self.close()
            return None

    def _ask(self) -> Message | None:
        self._connection = self._connection or connect(HEARTBEAT_SECONDS)
        with bounded(self._connection):
            message: Message | None = app.amqp.queues[HITS](self._connection.default_channel).get()
            return message

    def _settle(self) -> None:
        """Acknowledge all held batches. If this fails, the broker redelivers them, which is harmless."""
        if self._connection and self._messages:
            try:
                with bounded(self._connection):
                    self._messages[-1].ack(multiple=True)
            except QueueUnavailable as error:
                logger.warning("joined batches will be redelivered: %s", error)
                self.close()
        self._messages, self._batches = [], []


class Joining(Step):
    """A step that joins waiting batches. If the work on the joined batch fails, each of its batches goes on by
    itself."""

    abstract = True
    takes_batch = True

    def __call__(self, text: str) -> Any:
        """Do the work on a batch's text; see Step."""
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
        """Whether a worker held the message before."""
        return bool((self.request.delivery_info or {}).get("redelivered"))

    def on_success(self, *_: Any) -> None:
        """Finish the join. Celery calls it once the next step's message is confirmed."""
        open_joiner().acknowledge()


def is_apart(batch: Batch, other: Batch) -> bool:
    """Whether a batch was made too long before or after another to be joined. A marker can always be joined."""
    return bool(other.hits) and abs(other.made_at - batch.made_at) > APART_MS


def send_separately(batches: list[Batch]) -> None:
    """Send batches to the end of the queue, each by itself."""
    try:
        note_put_back(batches)
    except AWAY:
        logger.exception(UNNOTED)
    for batch in batches:
        dispatch(batch, settings.HIT_CHAIN)


def joined(batches: list[Batch]) -> Batch:
    """Join batches to one, with the time of the last of them. Markers add nothing.

    The id of the joined batch is derived from the ids of all its batches. With the id of one of them, its object might
    replace the object of a different join in the archive.
    """
    full = [batch for batch in batches if batch.hits]
    if len(full) == 1:
        return full[0]
    ids = "\n".join(sorted(batch.id for batch in full))
    made_at = max(batch.made_at for batch in full)
    name = batch_id(made_at, blake2b(ids.encode(), digest_size=8).hexdigest())
    return Batch(name, tuple(hit for batch in full for hit in batch.hits))


def open_joiner() -> Joiner:
    """The joiner of this process. A forked process gets a joiner of its own."""
    return _joiner_of(getpid())


@cache
def _joiner_of(_pid: int) -> Joiner:
    return Joiner()
