"""Shutdown: ends a worker after SIGTERM. First its tasks are told to end; some seconds later the worker ends, even if
tasks still run.

The broker then delivers the batches of these tasks again, as after a kill.
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

#: The seconds until tasks are told to end. By then the worker takes no more messages. If tasks were told earlier, the
#: worker would take the batches that they send back.
NOTIFY_SECONDS = 1.0
#: The seconds that tasks have to end, or to send back their batches.
END_SECONDS = 20.0
SLICE_SECONDS = 0.25
#: One byte of memory that the worker shares with its forked processes.
_ending = mmap(-1, 1)


def is_ending() -> bool:
    """Whether the worker of this process is shutting down."""
    return _ending[0] != 0


def pause(seconds: float) -> None:
    """Sleep for some seconds, or until the worker is shutting down."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
        if is_ending():
            return


@worker_shutting_down.connect
def begin(**_: Any) -> None:
    """Begin to shut down the worker. Celery calls this after SIGTERM or SIGINT. A second call does no harm."""
    for seconds, act in ((NOTIFY_SECONDS, notify_tasks), (END_SECONDS, end_now)):
        timer = Timer(seconds, act)
        timer.daemon = True
        timer.start()


def notify_tasks() -> None:
    """Make `is_ending` true. Tasks that wait for a service then send their batches to the queue again."""
    _ending[0] = 1


def end_now() -> None:
    """End the worker process at once. The kernel ends its child processes with it."""
    logger.warning("tasks did not end within %.0f s; the queue redelivers their batches", END_SECONDS)
    os._exit(1)


@worker_process_init.connect
def leave_signals_to_the_worker(**_: Any) -> None:
    """Ignore SIGTERM in a child process of the worker. A platform may send it to every process, but the worker ends its
    children itself."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
