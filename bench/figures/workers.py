"""Workers: processes of their own that fill hours and roll up the parts of an hour together."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import msgspec

from conversions.units.now import now_ms
from reporting.tasks import roller

#: A worker looks this many times for parts that are left.
ROUNDS = 2


class Used(msgspec.Struct, frozen=True):
    """What a worker used: CPU seconds, and its memory at the most (MiB), all of Python and Django included."""

    cpu: float
    mib: int


@contextmanager
def workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that have started. They are spawned, because a forked one would share its parent's connections."""
    with ProcessPoolExecutor(number, get_context("spawn")) as pool:
        list(pool.map(time.sleep, [1.0] * number))
        yield pool


def roll_up_parts(site: str) -> Used:
    """Roll up the site's marked parts, those that no other worker holds, until none is left. Then make the sums."""
    began = time.process_time()
    work = roller()
    for _ in range(ROUNDS):
        for batch in work.batches(work.marked(site, now_ms())):
            work.attempt_held(batch)
    for batch in work.batches(work.sums(site, now_ms())):
        work.attempt_held(batch)
    work.attempts.end()
    return Used(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
