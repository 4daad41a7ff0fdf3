"""Inline: the embedded adapter of the HitQueue port. It has no queue: a batch is processed before `send` returns."""

from typing import Any

from django.conf import settings
from django.db import connection as database
from django.utils.module_loading import import_string

from tracker.away import AWAY
from tracker.collection.hit import Batch, encode_batch
from tracker.queues.port import QueueState, QueueUnavailable, Taken


class InlineQueue:
    """Runs the chain before `send` returns. What was sent is processed."""

    def send(self, batch: Batch) -> None:
        """See HitQueue."""
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()
        result: Any = encode_batch(batch)
        try:
            for step in settings.HIT_CHAIN:
                result = import_string(step)(result)
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
        """See HitQueue. The services behind it are checked by themselves."""
