"""Tasks: a batch -> the archive; and the marker that beat sends. Interfaces only."""

from celery import shared_task

from tracker.archive import open_archive
from tracker.collection.hit import decode_batch
from tracker.queues import send_marker as send
from tracker.queues.join import Joining


@shared_task(name="tracker.tasks.archive_hits", base=Joining)
def archive_hits(text: str) -> str:
    """Archive a batch and return it. A marker passes only if the archive can store hits."""
    batch = decode_batch(text)
    if batch.hits:
        open_archive().put(batch)
    else:
        open_archive().check()
    return text


@shared_task(name="tracker.tasks.send_marker")
def send_marker() -> None:
    """Send a marker. It shows reports how far the queue has come."""
    send()
