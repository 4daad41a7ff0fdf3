"""Celery's application with a worker whose patience is a hundredth, for a broker whose patience is, too."""

from tracker.celery import app
from tracker.queues import step

__all__ = ["app"]

for name in ("PATIENCE", "NOTE_PATIENCE", "SHORTEST_WAIT", "LONGEST_WAIT"):
    setattr(step, name, getattr(step, name) / 100)
