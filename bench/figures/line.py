"""Measures the cost of a piece of work: elapsed time, and the CPU time of this process and of Cassandra."""

import os
import time
from collections.abc import Callable
from statistics import quantiles

import msgspec

from tests.running import cpu_seconds

#: The process id of the measured Cassandra; 0 without Cassandra.
NODE = int(os.environ.get("BENCH_NODE") or 0)


class Cost(msgspec.Struct, frozen=True):
    """A cost in seconds: elapsed time, CPU time of this process, and CPU time of Cassandra."""

    clock: float
    cpu: float
    node: float = 0.0

    def each(self, many: float) -> "Cost":
        """Return the cost of one piece, if this is the cost of `many` pieces."""
        return Cost(self.clock / many, self.cpu / many, self.node / many)


class Line(msgspec.Struct, frozen=True):
    """A measured cost. `key` is its row in `bench.figures.wanted`."""

    key: str
    cost: Cost
    note: str = ""


def cost_of(work: Callable[[], object]) -> Cost:
    """Do the work once, and return its cost."""
    clock, cpu, node = time.perf_counter(), time.process_time(), cpu_seconds(NODE)
    work()
    return Cost(time.perf_counter() - clock, time.process_time() - cpu, cpu_seconds(NODE) - node)


def p95_of(work: Callable[[], object], times: int) -> Cost:
    """Do the work several times, and return the 95th percentile of its cost. Cassandra's CPU time is the mean, because
    the kernel counts it in coarse ticks."""
    costs = [cost_of(work) for _ in range(times)]
    clock, cpu = (quantiles(column, n=20)[-1] for column in zip(*((c.clock, c.cpu) for c in costs), strict=True))
    return Cost(clock, cpu, sum(one.node for one in costs) / times)
