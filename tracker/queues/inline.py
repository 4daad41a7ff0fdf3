"""Inline: the embedded adapter of the HitQueue port. It has no queue: a batch is processed before `send` returns."""

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
from tracker.queues.hand import in_hand, left_behind
from tracker.queues.port import QueueState, QueueUnavailable, Taken

logger = logging.getLogger(__name__)


class InlineQueue:
    """Calls the tasks of the chain, one after the other, before `send` returns."""

    def send(self, batch: Batch) -> None:
        """See HitQueue. Before a marker, it processes the batches that were archived, but not processed further."""
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()
        try:
            if batch.hits:
                with in_hand(folder() / batch.id):
                    process(batch, settings.HIT_CHAIN)
            else:
                take_up()
                process(batch, settings.HIT_CHAIN)
        except AWAY as error:
            raise QueueUnavailable(str(error)) from error

    def get_next(self) -> Taken | None:
        """See HitQueue. Nothing ever waits."""
        return None

    def metadata(self) -> QueueState:
        """See HitQueue."""
        return QueueState(depth=0, consumers=1, oldest_age=0.0)

    def is_idle(self) -> bool:
        """See HitQueue."""
        return True

    def prepare(self) -> None:
        """See HitQueue. There is nothing to make."""

    def check(self) -> None:
        """See HitQueue. The services behind the queue have their own checks."""


def folder() -> Path:
    """The folder of the files that name the batches in work."""
    found: Path = settings.STATE_DIR / "in_hand"
    found.mkdir(exist_ok=True)
    return found


def process(batch: Batch, steps: Sequence[str]) -> None:
    """Run steps of the chain, one after the other."""
    result: Any = encode_batch(batch)
    for step in steps:
        result = import_string(step)(result)


def take_up() -> None:
    """Process batches that were archived, but not processed because their process died or a service was away. Raises
    one of the errors in AWAY."""
    for path in sorted(folder().iterdir()):
        try:
            with left_behind(path) as is_left:
                if is_left:
                    take_up_one(path.name)
        except AWAY:
            raise
        except Exception:
            logger.exception("batch %s can't be processed; %s keeps its name", path.name, path)


def take_up_one(name: str) -> None:
    """Process a batch from the archive. If it was not archived, its hits were never accepted, and nothing is done."""
    try:
        hits = open_archive().get_batch(name)
    except NotArchived:
        return
    if not hits:
        return  # All of them are copies of another batch's hits.
    logger.warning("batch %s was archived and not processed; it is processed now", name)
    process(Batch(name, tuple(hits)), settings.HIT_CHAIN[1:])
