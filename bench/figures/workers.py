"""Workers: separate processes that fill hours, and roll up the parts of an hour in parallel."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import msgspec

from bench.peak import peak_kib
from conversions.units.now import now_ms
from reporting.tasks import roller

#: How often a worker looks for parts that are still marked.
ROUNDS = 2


class Used(msgspec.Struct, frozen=True):
    """What a worker process used: CPU seconds, and its peak memory (MiB) with Python and Django."""

    cpu: float
    mib: int


@contextmanager
def workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Yield started worker processes. They are spawned: a forked process would share its parent's connections."""
    with ProcessPoolExecutor(number, get_context("spawn")) as pool:
        list(pool.map(time.sleep, [1.0] * number))
        yield pool


def roll_up_parts(site: str) -> Used:
    """Roll up the site's marked parts that no other worker holds, until none is left. Then add up the hours."""
    began = time.process_time()
    work = roller()
    for _ in range(ROUNDS):
        for batch in work.batches(work.marked(site, now_ms())):
            work.attempt_held(batch)
    for batch in work.batches(work.sums(site, now_ms())):
        work.attempt_held(batch)
    work.attempts.end()
    return Used(time.process_time() - began, peak_kib("self") >> 10)
