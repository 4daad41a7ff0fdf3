"""Merger: merges the objects of an hour that is over to a few large ones, and then deletes the replaced objects.

A merger may die at any step, and several may work at once. No hit gets lost, because an object is deleted only once a
durable object contains all its hits. A repeated merge writes no second object, because the key of a merged object
depends only on its content.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice

from tracker.archive.ahead import ahead
from tracker.archive.archive import ObjectArchive
from tracker.archive.keys import HOUR_MS, batch_of, hour_of, hour_start, is_merged
from tracker.archive.merged import Index, Row, pack_merged
from tracker.archive.port import NotArchived
from tracker.collection.hit import BadBatch

logger = logging.getLogger(__name__)

#: A merged object is full when it reaches any of these numbers. They also bound the memory of a merger, which holds the
#: rows of one object and the few objects that are read ahead.
MOST_HITS = 100_000
MOST_BYTES = 1 << 25
MOST_BATCHES = 20_000
#: A step merges this many small objects. On a distant S3 this takes some 20 s.
AT_ONCE = 5_000
#: A new merger looks this far back (ms) for hours that others left unfinished.
LOOK_BACK_MS = 48 * HOUR_MS
#: This many damaged objects are remembered. They are logged once and not read again each minute.
MOST_DAMAGED = 10_000


class Group:
    """Objects that are merged to one object, and their rows."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.batches: set[str] = set()
        self.rows: list[Row] = []
        self.size = 0

    def add(self, key: str, batches: Iterable[str], rows: Iterable[Row]) -> None:
        """Add an object."""
        before = len(self.rows)
        self.keys.append(key)
        self.batches.update(batches)
        self.rows.extend(rows)
        self.size += sum(len(row.line) for row in self.rows[before:])

    def is_full(self, part: int = 1) -> bool:
        """Whether the group is full and should take no more objects; with `part` 2, whether it is at least half
        full."""
        return is_full(len(self.rows), self.size, len(self.batches), part)


def is_full(hits: int, size: int, batches: int, part: int) -> bool:
    """Whether any of an object's numbers has reached its limit; with `part` 2, half of its limit."""
    return hits * part >= MOST_HITS or size * part >= MOST_BYTES or batches * part >= MOST_BATCHES


class Merger:
    """Merges an archive's objects. It remembers damaged objects, which stay as they are."""

    def __init__(self, archive: ObjectArchive) -> None:
        self._archive = archive
        self._damaged: set[str] = set()
        self._looked = False

    def merge(self, until: int, since: int = 0) -> Iterator[int]:
        """Merge the hours that ended before an instant (ms), the oldest first. Yield the number of replaced objects
        after each step.

        The caller may stop at any point. Raises ArchiveUnavailable.
        """
        small = self._archive.list_small(hour_start(since), hour_start(until))
        for _, keys in groupby((key for key in small if key not in self._damaged), hour_of):
            while some := list(islice(keys, AT_ONCE)):
                yield from filter(None, self._merge(some))
        yield from filter(None, self._look_back(hour_start(until)))

    def _merge(self, keys: list[str]) -> Iterator[int]:
        """Merge some objects of an hour with the hour's merged objects that are less than half full."""
        left = self._delete_held(keys)
        yield len(keys) - len(left)
        for group in self._groups(chain(self._growing(keys[0]), left)):
            yield self._replace(group)
        yield from self._tidy(keys[0])

    def _tidy(self, key: str) -> Iterator[int]:
        """Tidy the hour of a key. If several mergers worked on the hour at once, they read different lists of objects
        and wrote merged objects that overlap.

        A merged object is deleted if another one has all its batches and more. If two have the same batches, neither is
        deleted, because each of two mergers could delete a different one. Then the objects that are less than half full
        are merged.
        """
        held = {merged: frozenset(index.batches) for merged, index in self._merged(key)}
        gone = [merged for merged, own in held.items() if any(own < other for other in held.values())]
        self._archive.delete(gone)
        yield len(gone)
        for group in self._groups(self._growing(key)):
            yield self._replace(group)

    def _look_back(self, until: int) -> Iterator[int]:
        """Tidy the hours of the last days that have several merged objects, because another process may have died
        before it tidied them. Each merger does this once."""
        if not self._looked:
            for _, keys in groupby(self._archive.list_merged(max(until - LOOK_BACK_MS, 0), until), hour_of):
                if len(merged := list(keys)) > 1:
                    yield from self._tidy(merged[0])
            self._looked = True

    def _delete_held(self, keys: list[str]) -> list[str]:
        """Delete the objects whose batches a merged object contains; return the others.

        Such objects exist if a merge died before it deleted them, or if a batch was delivered again.
        """
        left = {batch_of(key): key for key in keys}
        for key, index in self._merged(keys[0]):
            if batch_of(key) >= batch_of(keys[0]):
                self._archive.delete([left.pop(batch) for batch in index.batches if batch in left])
        return list(left.values())

    def _growing(self, key: str) -> list[str]:
        """The merged objects of a key's hour that are less than half full."""
        return [
            key
            for key, index in self._merged(key)
            if not is_full(index.hits, index.size, len(index.batches), part=2) and key not in self._damaged
        ]

    def _merged(self, key: str) -> Iterator[tuple[str, Index]]:
        """The merged objects of a key's hour."""
        for merged in self._archive.list_hour(batch_of(key)):
            try:
                yield merged, self._archive.read_index(merged)
            except NotArchived:
                continue  # Another merger has merged it again.
            except BadBatch as error:
                self._leave(merged, error)

    def _groups(self, keys: Iterable[str]) -> Iterator[Group]:
        group = Group()
        for key, read in ahead(self._archive.read_object, keys):
            try:
                group.add(key, *read.result())
            except NotArchived:
                continue
            except BadBatch as error:
                self._leave(key, error)
            if group.is_full():
                yield group
                group = Group()
        if group.keys:
            yield group

    def _replace(self, group: Group) -> int:
        """Write the object of a group, then delete the replaced objects; return their number."""
        if len(group.keys) == 1 and is_merged(group.keys[0]):
            return 0
        key, body = pack_merged(group.rows, group.batches)
        self._archive.write(key, body)
        gone = [one for one in group.keys if one != key]
        self._archive.delete(gone)
        return len(gone)

    def _leave(self, key: str, error: BadBatch) -> None:
        if key not in self._damaged:
            logger.error("the archive's object %s is not merged: %s", key, error)
        if len(self._damaged) < MOST_DAMAGED:
            self._damaged.add(key)
