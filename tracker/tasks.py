"""Tasks: a batch -> the archive; and beat's tasks of this room. Other modules do the work."""

import logging
import time

from celery import shared_task
from django.conf import settings

from tracker.archive import merged_until, open_archive, open_merger
from tracker.away import AWAY
from tracker.collection.hit import decode_batch
from tracker.prometheus import count_merged
from tracker.queues import send_marker as send
from tracker.queues.join import Joining

logger = logging.getLogger(__name__)

#: The seconds of each minute that a worker may spend on merging the archive.
TICK_SECONDS = 20.0


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


@shared_task(name="tracker.tasks.merge_archive")
def merge_archive() -> None:
    """Merge the archive's objects of hours that ended ARCHIVE_MERGE_HOURS ago, until the tick ends. If the archive is
    away, the next tick tries again."""
    if settings.ARCHIVE_MERGE_HOURS:
        ends = time.monotonic() + TICK_SECONDS
        try:
            for replaced in open_merger().merge(merged_until()):
                count_merged(replaced)
                if time.monotonic() > ends:
                    break
        except AWAY as error:
            logger.warning("merging the archive waits: %s", error)
