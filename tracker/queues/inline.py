"""Inline: the queue of the embedded tracker, which stores nothing: `send` processes a batch at once."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.utils.module_loading import import_string

from tracker.archive import open_archive
from tracker.archive.port import NotArchived
from tracker.away import AWAY
from tracker.collection.hit import Batch, encode_batch
from tracker.queues.port import QueueState, QueueUnavailable, Taken
from tracker.queues.work_files import taken_over, working_on

logger = logging.getLogger(__name__)


class InlineQueue:
    """The queue of the embedded tracker. `send` runs all tasks on the batch before it returns."""

    def send(self, batch: Batch) -> None:
        """Process a batch. If it is empty (a marker), first process the batches that earlier processes didn't finish.
        Raises QueueUnavailable."""
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()
        try:
            if batch.hits:
                with working_on(folder() / batch.id):
                    process(batch, settings.HIT_CHAIN)
            else:
                process_left_batches()
                process(batch, settings.HIT_CHAIN)
        except AWAY as error:
            raise QueueUnavailable(str(error)) from error

    def get_next(self) -> Taken | None:
        """Return None: no batch ever waits."""
        return None

    def metadata(self) -> QueueState:
        """Return a state in which no batch waits."""
        return QueueState(depth=0, consumers=1, oldest_age=0.0)

    def is_idle(self) -> bool:
        """Return True: nothing waits after `send`."""
        return True

    def prepare(self) -> None:
        """Do nothing: there is no queue to make."""

    def check(self) -> None:
        """Do nothing: the archive and the store have their own checks."""


def folder() -> Path:
    """Return the folder of the work files. Each names a batch that is being processed."""
    found: Path = settings.STATE_DIR / "in_hand"
    found.mkdir(exist_ok=True)
    return found


def process(batch: Batch, steps: Sequence[str]) -> None:
    """Run the tasks `steps` on a batch, one after the other. Each task gets the result of the task before it."""
    result: Any = encode_batch(batch)
    for step in steps:
        result = import_string(step)(result)


def process_left_batches() -> None:
    """Process the batches that were archived but not finished, because their process died or a service was away. Raises
    one of the errors in `tracker.away.AWAY`."""
    for path in sorted(folder().iterdir()):
        try:
            with taken_over(path) as is_left:
                if is_left:
                    process_left_batch(path.name)
        except AWAY:
            raise
        except Exception:
            logger.exception("batch %s can't be processed; the file %s stays", path.name, path)


def process_left_batch(name: str) -> None:
    """Process a batch (by id) that was archived but not finished. If the archive doesn't have it, its hits were never
    accepted, and nothing is done."""
    try:
        hits = open_archive().get_batch(name)
    except NotArchived:
        return
    if not hits:
        return  # All its hits are copies of another batch's hits.
    logger.warning("batch %s was archived and not processed; it is processed now", name)
    process(Batch(name, tuple(hits)), settings.HIT_CHAIN[1:])
