"""Quick beat: the tracker's settings with a beat of one second, for tests that wait for beat."""

import select
import time

from tracker.settings import *  # noqa: F403

BEAT_SECONDS = 1
# Under libfaketime the system call of Python's sleep fails.
time.sleep = lambda seconds: select.select([], [], [], seconds) and None  # type: ignore[assignment]
