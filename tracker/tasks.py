"""Tasks: the Celery tasks of this app: to archive a batch, to send a marker, and to merge the archive. Other modules do
the work."""

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

#: The most seconds of each minute that a worker spends on merging the archive.
TICK_SECONDS = 20.0


@shared_task(name="tracker.tasks.archive_hits", base=Joining)
def archive_hits(text: str) -> str:
    """The first task on a batch: store it in the archive, and return it for the next task. For an empty batch (a
    marker), only check that the archive works."""
    batch = decode_batch(text)
    if batch.hits:
        open_archive().put(batch)
    else:
        open_archive().check()
    return text


@shared_task(name="tracker.tasks.send_marker")
def send_marker() -> None:
    """The task of each minute: send an empty batch (a marker). Once the marker is processed, every batch that was sent
    before it is processed. By the markers, a report knows how far its figures are complete."""
    send()


@shared_task(name="tracker.tasks.merge_archive")
def merge_archive() -> None:
    """The task of each minute: merge archived objects of hours that ended ARCHIVE_MERGE_HOURS ago, for at most
    TICK_SECONDS. If the archive is away, do nothing more; the next minute tries again."""
    if settings.ARCHIVE_MERGE_HOURS:
        ends = time.monotonic() + TICK_SECONDS
        try:
            for replaced in open_merger().merge(merged_until()):
                count_merged(replaced)
                if time.monotonic() > ends:
                    break
        except AWAY as error:
            logger.warning("the archive is not merged now: %s", error)
