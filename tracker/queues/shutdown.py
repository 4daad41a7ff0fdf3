"""Shutdown: a worker that is told to end tells its tasks, and is gone some seconds later, whatever they do.

What is still in hand then is the queue's again, as if the worker had been killed.
"""

import logging
import os
import signal
import time
from mmap import mmap
from threading import Timer
from typing import Any

from celery.signals import worker_process_init, worker_shutting_down

logger = logging.getLogger(__name__)

#: After so long tasks are told. By then the worker takes no more messages: it would get those that they put down.
TELL_SECONDS = 1.0
#: Tasks have so long to end, or to put down what they hold.
END_SECONDS = 20.0
SLICE_SECONDS = 0.25
#: One byte that the worker shares with the processes that it forks.
_told = mmap(-1, 1)


def is_told() -> bool:
    """Whether this process's worker was told to end."""
    return _told[0] != 0


def pause(seconds: float) -> None:
    """Sleeps; in a worker that is to end, only for a moment."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
        if is_told():
            return


@worker_shutting_down.connect
def begin(**_: Any) -> None:
    """The worker got SIGTERM or SIGINT; a second one changes nothing."""
    for seconds, act in ((TELL_SECONDS, tell), (END_SECONDS, end_now)):
        timer = Timer(seconds, act)
        timer.daemon = True
        timer.start()


def tell() -> None:
    """From here on tasks that wait put down what they hold."""
    _told[0] = 1


def end_now() -> None:
    """Ends the worker at once. The kernel ends its children with it."""
    logger.warning("tasks did not end within %.0f s, so the queue offers their batches again", END_SECONDS)
    os._exit(1)


@worker_process_init.connect
def leave_signals_to_the_worker(**_: Any) -> None:
    """A platform may send SIGTERM to every process; only the worker knows when its children have ended their tasks."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
