"""Beat: sends every task of the schedule to its queue each minute, by a monotonic clock.

Celery's own scheduler stores wall-clock times on disk. After the correction of a clock that was hours ahead, nothing
would be due for hours.
"""

import time
from typing import Any

from celery.beat import Scheduler
from django.conf import settings


class Beat(Scheduler):  # type: ignore[misc]
    """Sends all tasks at the start, and then every BEAT_SECONDS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due = time.monotonic()

    def tick(self, *_args: Any, **_options: Any) -> float:
        """Send the tasks that are due; return the seconds until the next call."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + settings.BEAT_SECONDS
            for entry in self.schedule.values():
                self.apply_entry(entry, producer=self.producer)
        return max(self._due - time.monotonic(), 0.0)
