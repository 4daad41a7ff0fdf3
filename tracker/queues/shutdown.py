"""Shutdown: after SIGTERM a worker tells its tasks to end. Some seconds later it ends, even if tasks still run.

The broker then delivers the batches of these tasks again, as if the worker had been killed.
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

#: The seconds until tasks are told to end. By then the worker takes no more messages. Earlier, it would take the
#: batches that its own tasks send back.
NOTIFY_SECONDS = 1.0
#: The seconds that tasks have to end, or to send back their batches.
END_SECONDS = 20.0
SLICE_SECONDS = 0.25
#: One byte of memory that the worker shares with its forked processes.
_ending = mmap(-1, 1)


def is_ending() -> bool:
    """Whether this process's worker is shutting down."""
    return _ending[0] != 0


def pause(seconds: float) -> None:
    """Sleep for some seconds, but return early if the worker is shutting down."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
        if is_ending():
            return


@worker_shutting_down.connect
def begin(**_: Any) -> None:
    """Begin the shutdown of a worker, after SIGTERM or SIGINT. A second signal changes nothing."""
    for seconds, act in ((NOTIFY_SECONDS, notify_tasks), (END_SECONDS, end_now)):
        timer = Timer(seconds, act)
        timer.daemon = True
        timer.start()


def notify_tasks() -> None:
    """Tell waiting tasks to send back the batches that they hold."""
    _ending[0] = 1


def end_now() -> None:
    """End the worker process at once. The kernel ends its children with it."""
    logger.warning("tasks did not end within %.0f s; the queue redelivers their batches", END_SECONDS)
    os._exit(1)


@worker_process_init.connect
def leave_signals_to_the_worker(**_: Any) -> None:
    """Ignore SIGTERM in a worker's child process. A platform may send it to every process, but the worker itself ends
    its children."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
