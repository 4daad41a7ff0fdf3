"""Beat's scheduler: every task of the schedule -> its queue, once a minute by a clock that nobody can set.

Celery's own keeps wall-clock times on disk: after a clock that ran ahead is put right, nothing is due for hours.
"""

import time
from typing import Any

from celery.beat import Scheduler
from django.conf import settings


class Beat(Scheduler):  # type: ignore[misc]
    """Sends all tasks at the start and then each BEAT_SECONDS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due = time.monotonic()

    def tick(self, *_args: Any, **_options: Any) -> float:
        """Sends what is due; gives the seconds until it is to be called again."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + settings.BEAT_SECONDS
            for entry in self.schedule.values():
                self.apply_entry(entry, producer=self.producer)
        return max(self._due - time.monotonic(), 0.0)
