"""Step: the base of the tasks that process batches. A task waits while a service is away, and its message is
acknowledged only after the message to the next task is stored."""

import logging
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from celery import Task, current_task
from celery.exceptions import Ignore
from django.conf import settings
from django.db import connection as database
from django.utils.module_loading import import_string

from tracker.away import AWAY
from tracker.collection.hit import Batch, decode_batch
from tracker.queues.publish import open_publisher
from tracker.queues.shutdown import is_ending, pause

logger = logging.getLogger(__name__)

#: The first and the longest wait between two tries, seconds.
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 15.0
#: After this many seconds of waiting a batch is sent again, and its old message acknowledged. Otherwise the broker
#: would take back a message that isn't acknowledged for long (RabbitMQ: after 30 minutes). A worker process may hold
#: several batches, which wait one after the other and share this time.
PATIENCE = 600.0 / settings.HIT_QOS
#: If the note before a resend can't be written, the batch is kept for this many more seconds, and then sent without the
#: note. If it were kept longer, RabbitMQ would take it back again and again, and make it a dead letter.
NOTE_PATIENCE = 300.0 / settings.HIT_QOS

T = TypeVar("T")


class Step(Task):  # type: ignore[misc]
    """Base of tasks that process batches. While a service is away, the task waits. After any other error, its message
    becomes a dead letter.

    If the task is called directly, in an embedded tracker or by a command, it doesn't wait: the caller gets the error
    at once.
    """

    abstract = True
    #: Whether the task's message is a batch. Until the batch is processed, reports are not sealed beyond its hits.
    takes_batch = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task. If a service is away, a worker runs the task again until the service is back."""
        if self.is_direct():
            return self.run(*args, **kwargs)

        def attempt() -> Any:
            database.close_if_unusable_or_obsolete()
            return self.run(*args, **kwargs)

        return retry_while_away(attempt, self.name, self.send_again)

    def is_direct(self) -> bool:
        """Whether the task was called directly, and not by a worker."""
        return bool(self.request.called_directly or self.request.is_eager)

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send a message of the task, and return once the broker has stored it. A task of a worker waits while the
        broker is away."""
        if self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, **options)
        options.setdefault("argsrepr", "(...)")
        options.pop("producer", None)  # Beat's own connection has no time limits.
        send = super().apply_async
        if current_task:
            return retry_while_away(lambda: open_publisher().publish(send, args, kwargs, **options), self.name)
        return open_publisher().publish(send, args, kwargs, **options)

    def send_again(self, waited: float) -> None:
        """Send the task's message to the end of its queue, and acknowledge the old message. `waited`: how many seconds
        the task has waited for a service.

        Always raises: Ignore, by which Celery acknowledges the message, or one of the errors in `tracker.away.AWAY`.
        """
        request = self.request
        if self.takes_batch:
            try:
                note_put_back([decode_batch(request.args[0])])
            except AWAY:
                if waited < PATIENCE + NOTE_PATIENCE:
                    raise
                logger.exception("%s: %s", self.name, UNNOTED)
        self.apply_async(request.args, request.kwargs, task_id=request.id, root_id=request.root_id, chain=request.chain)
        raise Ignore


UNNOTED = "a batch goes to the end of its queue, which can't be noted: reports may be sealed before it is processed"


def note_put_back(batches: Iterable[Batch]) -> None:
    """Store that these batches go to the end of the queue again. Call this before they are sent.

    A marker that is in the queue already will be processed before these batches, although it was sent after them.
    Without this note, reports would then be sealed although these batches are not processed.
    """
    received = [hit.received for batch in batches for hit in batch.hits]
    if received:
        database.close_if_unusable_or_obsolete()
        import_string(settings.MARKER).put_back(min(received), time.time_ns() // 1_000_000)


def retry_while_away(
    work: Callable[[], T],
    what: str,
    give_up: Callable[[float], None] | None = None,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = pause,
) -> T:
    """Call `work` and return its result. While a service is away, call it again, after longer and longer waits. `what`:
    the name of the work for the log.

    After PATIENCE seconds, or when the worker is shutting down, call `give_up` with the seconds waited so far. If
    `give_up` raises an error that is not in `tracker.away.AWAY`, the waiting ends.
    """
    began, wait = now(), SHORTEST_WAIT
    while True:
        try:
            return work()
        except AWAY as error:
            logger.warning("%s waits %.1f s: %s", what, wait, error)
        sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311
        wait = min(wait * 2, LONGEST_WAIT)
        if give_up and ((waited := now() - began) > PATIENCE or is_ending()):
            # If `give_up` itself needs a service that is away, the worker keeps the batch.
            with suppress(*AWAY):
                give_up(waited)
