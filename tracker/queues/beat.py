"""Beat: Celery's scheduler by a monotonic clock. It sends every scheduled task to its queue each minute.

Celery's own scheduler stores wall-clock times on disk. If a clock that was hours ahead is corrected, no task would be
due for hours.
"""

import time
from typing import Any

from celery.beat import Scheduler
from django.conf import settings


class Beat(Scheduler):  # type: ignore[misc]
    """A Celery scheduler that sends all tasks at its start, and then every BEAT_SECONDS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due = time.monotonic()

    def tick(self, *_args: Any, **_options: Any) -> float:
        """Send all scheduled tasks if they are due; return the seconds until the next tick."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + settings.BEAT_SECONDS
            for entry in self.schedule.values():
                self.apply_entry(entry, producer=self.producer)
        return max(self._due - time.monotonic(), 0.0)
