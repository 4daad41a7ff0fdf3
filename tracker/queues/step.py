"""Step: the base of every task of the chain. It waits while a service is away. A message is acknowledged only when the
next step's message is confirmed."""

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

#: The first wait and the longest one, seconds.
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 15.0
#: A batch that has waited this many seconds is sent again, and its old message acknowledged. If a message is not
#: acknowledged for long (RabbitMQ: 30 minutes), the broker takes it back. A worker process may hold several batches,
#: which wait one after the other and share this time.
PATIENCE = 600.0 / settings.HIT_QOS
#: If the note before a resend can't be written, the batch is kept for this many more seconds, and then sent without it.
#: If the batch were kept longer, RabbitMQ would take it back again and again, and dead-letter it.
NOTE_PATIENCE = 300.0 / settings.HIT_QOS

T = TypeVar("T")


class Step(Task):  # type: ignore[misc]
    """A task that waits while a service is away. After any other failure its message becomes a dead letter.

    If it is called directly (inline, or by a command), it doesn't wait: its caller gets the error at once.
    """

    abstract = True
    #: Whether the task's message is a batch. Until the batch is done, reports are not sealed beyond its hits.
    takes_batch = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work. In a worker, repeat it until no service is away."""
        if self.is_direct():
            return self.run(*args, **kwargs)

        def attempt() -> Any:
            database.close_if_unusable_or_obsolete()
            return self.run(*args, **kwargs)

        return wait_out(attempt, self.name, self.send_again)

    def is_direct(self) -> bool:
        """Whether the task runs in its caller and not in a worker."""
        return bool(self.request.called_directly or self.request.is_eager)

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send a message of the task; return once the broker has stored it. In a worker it waits for the broker."""
        if self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, **options)
        options.setdefault("argsrepr", "(...)")
        options.pop("producer", None)  # Beat's own connection has no time limits.
        send = super().apply_async
        if current_task:
            return wait_out(lambda: open_publisher().publish(send, args, kwargs, **options), self.name)
        return open_publisher().publish(send, args, kwargs, **options)

    def send_again(self, waited: float) -> None:
        """Send the held message to the end of its queue, and acknowledge the old one. The message has waited `waited`
        seconds.

        Raises Ignore, or one of the errors in AWAY.
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
    """Note that batches go to the end of the queue, behind markers that were sent after them. The note keeps reports
    from being sealed before these batches are processed. Call it before the batches are sent."""
    received = [hit.received for batch in batches for hit in batch.hits]
    if received:
        database.close_if_unusable_or_obsolete()
        import_string(settings.MARKER).put_back(min(received), time.time_ns() // 1_000_000)


def wait_out(
    work: Callable[[], T],
    what: str,
    give_up: Callable[[float], None] | None = None,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = pause,
) -> T:
    """Do the work and return its result. While a service is away, repeat it after growing waits.

    After PATIENCE, or when the worker is ending, `give_up` is called with the seconds waited. It ends the waiting by
    raising an error that is not in AWAY.
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
            # If `give_up` itself needs a service that is away, the worker goes on holding the batch.
            with suppress(*AWAY):
                give_up(waited)
