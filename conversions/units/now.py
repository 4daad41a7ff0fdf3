"""Now: the present time, for views, tasks and commands. Pure functions get the time as an argument."""

import time


def now_ms() -> int:
    """Return the present time in ms since the epoch."""
    return time.time_ns() // 1_000_000
