"""Shutdown: after SIGTERM a worker notifies its tasks. Some seconds later it ends, even if tasks are still at work.

The broker then redelivers the batches that the worker still held, as if the worker had been killed.
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

#: Tasks are notified after this many seconds. By then the worker takes no more messages. Earlier, it would take the
#: batches that its own tasks put back.
NOTIFY_SECONDS = 1.0
#: Tasks have this many seconds to end, or to put back the batches that they hold.
END_SECONDS = 20.0
SLICE_SECONDS = 0.25
#: One byte of memory that the worker shares with its forked processes.
_ending = mmap(-1, 1)


def is_ending() -> bool:
    """Whether this process's worker is ending."""
    return _ending[0] != 0


def pause(seconds: float) -> None:
    """Sleep, but wake up within a moment if the worker is ending."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
        if is_ending():
            return


@worker_shutting_down.connect
def begin(**_: Any) -> None:
    """Begin the shutdown, after SIGTERM or SIGINT. A second signal changes nothing."""
    for seconds, act in ((NOTIFY_SECONDS, notify_tasks), (END_SECONDS, end_now)):
        timer = Timer(seconds, act)
        timer.daemon = True
        timer.start()


def notify_tasks() -> None:
    """Notify waiting tasks that they must put back the batches that they hold."""
    _ending[0] = 1


def end_now() -> None:
    """End the worker at once. The kernel ends its children with it."""
    logger.warning("tasks did not end within %.0f s; the queue redelivers their batches", END_SECONDS)
    os._exit(1)


@worker_process_init.connect
def leave_signals_to_the_worker(**_: Any) -> None:
    """Ignore SIGTERM in a child, because a platform may send it to every process. The worker ends its children."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
