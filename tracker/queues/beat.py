"""Beat: the scheduler of Celery's beat. It sends every scheduled task once a minute, by a monotonic clock.

Celery's own scheduler stores the time of day on disk. If a clock was hours ahead and is corrected, that scheduler would
send nothing for hours.
"""

import time
from typing import Any

from celery.beat import Scheduler
from django.conf import settings


class Beat(Scheduler):  # type: ignore[misc]
    """A scheduler for Celery's beat that sends all scheduled tasks at its start, and then every BEAT_SECONDS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due = time.monotonic()

    def tick(self, *_args: Any, **_options: Any) -> float:
        """If BEAT_SECONDS have passed since the last time, send all scheduled tasks. Return the seconds until the next
        call."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + settings.BEAT_SECONDS
            for entry in self.schedule.values():
                self.apply_entry(entry, producer=self.producer)
        return max(self._due - time.monotonic(), 0.0)
