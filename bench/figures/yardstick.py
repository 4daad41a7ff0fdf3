"""Yardstick: fixed work like that of figures -> its CPU time on this machine now. Ratios to it outlast a machine."""

import json
import time

ROWS = 20_000
TIMES = 5


def measure() -> float:
    """Seconds of CPU, the least of several times: rows are encoded, decoded and added up in a dictionary."""
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
