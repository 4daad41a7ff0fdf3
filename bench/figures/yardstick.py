"""Yardstick: the CPU time of a fixed piece of work like a rollup's. Ratios to it can be compared between machines."""

import json
import time

ROWS = 20_000
TIMES = 5


def measure() -> float:
    """Encode, decode and add up rows, several times. Return the CPU seconds of the fastest run."""
    return min(_once() for _ in range(TIMES))


def _once() -> float:
    began = time.process_time()
    rows = json.loads(json.dumps([[f"ad-{n % 200}", n, n * 1_000] for n in range(ROWS)]))
    sums: dict[str, list[int]] = {}
    for ad, credit, value in rows:
        row = sums.setdefault(ad, [0, 0])
        row[0] += credit
        row[1] += value
    return time.process_time() - began
