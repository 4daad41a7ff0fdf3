"""Line: a piece of work -> how long it took by the clock, and the CPU time of this process and of Cassandra."""

import os
import time
from collections.abc import Callable
from statistics import quantiles

import msgspec

from tests.running import cpu_seconds

#: The pid of the Cassandra that is measured; 0 without one.
NODE = int(os.environ.get("BENCH_NODE") or 0)


class Cost(msgspec.Struct, frozen=True):
    """Seconds by the clock, CPU seconds of this process, and CPU seconds of Cassandra."""

    clock: float
    cpu: float
    node: float = 0.0

    def each(self, many: float) -> "Cost":
        """The cost of one of `many`."""
        return Cost(self.clock / many, self.cpu / many, self.node / many)


class Line(msgspec.Struct, frozen=True):
    """A measurement. `key`: its row in `bench.figures.wanted`."""

    key: str
    cost: Cost
    note: str = ""


def cost_of(work: Callable[[], object]) -> Cost:
    """Do the work once."""
    clock, cpu, node = time.perf_counter(), time.process_time(), cpu_seconds(NODE)
    work()
    return Cost(time.perf_counter() - clock, time.process_time() - cpu, cpu_seconds(NODE) - node)


def p95_of(work: Callable[[], object], times: int) -> Cost:
    """Do the work several times; the 95th percentile of each figure. Cassandra's is the mean, because the kernel counts
    it in coarse ticks."""
    costs = [cost_of(work) for _ in range(times)]
    clock, cpu = (quantiles(column, n=20)[-1] for column in zip(*((c.clock, c.cpu) for c in costs), strict=True))
    return Cost(clock, cpu, sum(one.node for one in costs) / times)
