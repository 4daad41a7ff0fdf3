"""Now: reads the clock, for views, tasks and commands. Pure functions get an instant as an argument."""

import time


def now_ms() -> int:
    """The present time, in ms since the epoch."""
    return time.time_ns() // 1_000_000
