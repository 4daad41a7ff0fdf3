"""Now: the clock. Views, tasks and commands read it. Pure functions are given an instant."""

import time


def now_ms() -> int:
    """The clock, in ms since the epoch."""
    return time.time_ns() // 1_000_000
