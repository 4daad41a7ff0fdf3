"""Finder: finds the archived object in which a batch is now. An explanation shows this object's key."""

import logging
import time

from tracker.archive.archive import ObjectArchive
from tracker.archive.keys import HOUR_MS, archive_key, batch_of, hour_start
from tracker.archive.port import ArchiveUnavailable, NotArchived
from tracker.collection.hit import BadBatch

logger = logging.getLogger(__name__)

#: The most seconds that one finder spends on the archive.
SECONDS = 1.0


class Finder:
    """Finds the archived objects of batches. It reads the indexes of an hour once, and gives up after SECONDS in
    all."""

    def __init__(self, archive: ObjectArchive) -> None:
        self._archive = archive
        self._left = SECONDS
        self._hours: dict[int, dict[str, frozenset[str]]] = {}

    def find(self, batch: str) -> str | None:
        """Return the key of the object that has a batch (by id) now. None if the id is invalid, or if the archive is
        away or too slow."""
        try:
            key = archive_key(batch)
        except BadBatch:
            return None
        hour = hour_start(int(batch[:13]))
        if hour + HOUR_MS > time.time() * 1000:
            return key  # An hour is merged only after its end.
        if hour not in self._hours and not self._look(hour, batch):
            return None
        return next((merged for merged, held in self._hours[hour].items() if batch in held), key)

    def _look(self, hour: int, batch: str) -> bool:
        """Read and remember which batches are in the merged objects of an hour. Return whether the archive answered in
        time."""
        if self._left <= 0:
            return False
        began = time.monotonic()
        try:
            self._hours[hour] = self._read(batch)
        except ArchiveUnavailable as error:
            logger.warning("explanations don't name archive objects now: %s", error)
            self._left = 0.0
            return False
        self._left -= time.monotonic() - began
        return True

    def _read(self, batch: str) -> dict[str, frozenset[str]]:
        held = {}
        for key in self._archive.list_hour(batch):
            try:
                held[key] = frozenset(self._archive.read_index(key).batches)
            except (NotArchived, BadBatch):
                held[key] = frozenset([batch_of(key)])  # Without the index, only the batch in the key is known.
        return held
