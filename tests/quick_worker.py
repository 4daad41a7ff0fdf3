"""Quick worker: Celery's application whose tasks wait a hundredth of the usual time before they send a batch again.
Tests use it with a broker that also waits a hundredth."""

from tracker.celery import app
from tracker.queues import step

__all__ = ["app"]

for name in ("PATIENCE", "NOTE_PATIENCE", "SHORTEST_WAIT", "LONGEST_WAIT"):
    setattr(step, name, getattr(step, name) / 100)
