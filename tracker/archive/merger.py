"""Merger: merges the small objects of each past hour into a few large ones, and deletes the small ones.

A merger may die at any step, and several may work at once. No hit is lost, because an object is deleted only after its
hits are durable in another one. A repeated merge makes no second object, because the key of a merged object depends
only on its content.
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

#: The limits of a merged object; it is full when it reaches one of them. They also bound a merger's memory, which holds
#: the rows of one object and the few objects that are read ahead.
MOST_HITS = 100_000
MOST_BYTES = 1 << 25
MOST_BATCHES = 20_000
#: The number of small objects that one step merges. On a distant S3 this takes some 20 s.
AT_ONCE = 5_000
#: How far back (ms) a new merger looks for hours that other mergers left unfinished.
LOOK_BACK_MS = 48 * HOUR_MS
#: The most damaged objects that are remembered. They are logged once, and not read again each minute.
MOST_DAMAGED = 10_000


class Group:
    """Some archived objects that are about to become one merged object: their keys, and their hits as rows."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.batches: set[str] = set()
        self.rows: list[Row] = []
        self.size = 0

    def add(self, key: str, batches: Iterable[str], rows: Iterable[Row]) -> None:
        """Add an object to the group, with its batch ids and rows."""
        before = len(self.rows)
        self.keys.append(key)
        self.batches.update(batches)
        self.rows.extend(rows)
        self.size += sum(len(row.line) for row in self.rows[before:])

    def is_full(self) -> bool:
        """Whether the group has reached one of the limits of a merged object. No more objects are then added to it."""
        return fullness(len(self.rows), self.size, len(self.batches)) >= 1


def fullness(hits: int, size: int, batches: int) -> float:
    """Return how full a merged object of this size is: 1.0 or more if one of its limits (hits, bytes, batches) is
    reached."""
    return max(hits / MOST_HITS, size / MOST_BYTES, batches / MOST_BATCHES)


class Merger:
    """Merges the objects of an archive. It remembers damaged objects and leaves them alone."""

    def __init__(self, archive: ObjectArchive) -> None:
        self._archive = archive
        self._damaged: set[str] = set()
        self._has_tidied = False

    def merge(self, until: int, since: int = 0) -> Iterator[int]:
        """Merge the hours that ended before `until` (ms), oldest first. After each step, yield the number of objects
        that were deleted.

        The caller may stop after any step. Raises ArchiveUnavailable.
        """
        small = self._archive.list_small(hour_start(since), hour_start(until))
        for _, keys in groupby((key for key in small if key not in self._damaged), hour_of):
            while some := list(islice(keys, AT_ONCE)):
                yield from filter(None, self._merge(some))
        yield from filter(None, self._tidy_recent(hour_start(until)))

    def _merge(self, keys: list[str]) -> Iterator[int]:
        """Merge these small objects of an hour, and those merged objects of the hour that are less than half full.
        Yield the number of deleted objects after each step."""
        left = self._delete_contained(keys)
        yield len(keys) - len(left)
        for group in self._groups(chain(self._half_empty(keys[0]), left)):
            yield self._replace(group)
        yield from self._tidy(keys[0])

    def _tidy(self, key: str) -> Iterator[int]:
        """Clean up the hour of a key, in which several mergers may have made objects with the same batches. Yield the
        number of deleted objects after each step.

        A merged object is deleted if another one has all its batches and more. If two have the same batches, both stay,
        because two mergers could each delete a different one. Then the merged objects that are less than half full are
        merged.
        """
        held = {merged: frozenset(index.batches) for merged, index in self._merged(key)}
        gone = [merged for merged, own in held.items() if any(own < other for other in held.values())]
        self._archive.delete(gone)
        yield len(gone)
        for group in self._groups(self._half_empty(key)):
            yield self._replace(group)

    def _tidy_recent(self, until: int) -> Iterator[int]:
        """Clean up those hours of the last two days that have several merged objects. The merger that made them may
        have died before it cleaned up. Each merger does this once."""
        if not self._has_tidied:
            for _, keys in groupby(self._archive.list_merged(max(until - LOOK_BACK_MS, 0), until), hour_of):
                if len(merged := list(keys)) > 1:
                    yield from self._tidy(merged[0])
            self._has_tidied = True

    def _delete_contained(self, keys: list[str]) -> list[str]:
        """Delete those small objects of an hour whose batches are also in a merged object. Return the keys of the
        others.

        Such objects exist if a merger died before it deleted them, or if a batch was delivered again.
        """
        left = {batch_of(key): key for key in keys}
        for key, index in self._merged(keys[0]):
            if batch_of(key) >= batch_of(keys[0]):
                self._archive.delete([left.pop(batch) for batch in index.batches if batch in left])
        return list(left.values())

    def _half_empty(self, key: str) -> list[str]:
        """Return the keys of those merged objects of an hour that are less than half full. `key`: any key of the
        hour."""
        return [
            key
            for key, index in self._merged(key)
            if fullness(index.hits, index.size, len(index.batches)) < 0.5 and key not in self._damaged
        ]

    def _merged(self, key: str) -> Iterator[tuple[str, Index]]:
        """Yield the key and the index of each merged object of an hour, without damaged ones. `key`: any key of the
        hour."""
        for merged in self._archive.list_hour(batch_of(key)):
            try:
                yield merged, self._archive.read_index(merged)
            except NotArchived:
                continue  # Another merger has merged this object again.
            except BadBatch as error:
                self._skip_damaged(merged, error)

    def _groups(self, keys: Iterable[str]) -> Iterator[Group]:
        group = Group()
        for key, read in ahead(self._archive.read_object, keys):
            try:
                group.add(key, *read.result())
            except NotArchived:
                continue
            except BadBatch as error:
                self._skip_damaged(key, error)
            if group.is_full():
                yield group
                group = Group()
        if group.keys:
            yield group

    def _replace(self, group: Group) -> int:
        """Write the merged object of a group, then delete the objects that it replaces. Return the number of deleted
        objects."""
        if len(group.keys) == 1 and is_merged(group.keys[0]):
            return 0
        key, body = pack_merged(group.rows, group.batches)
        self._archive.write(key, body)
        gone = [one for one in group.keys if one != key]
        self._archive.delete(gone)
        return len(gone)

    def _skip_damaged(self, key: str, error: BadBatch) -> None:
        if key not in self._damaged:
            logger.error("the archive's object %s is not merged: %s", key, error)
        if len(self._damaged) < MOST_DAMAGED:
            self._damaged.add(key)
