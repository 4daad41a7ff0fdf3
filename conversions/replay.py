"""Replay: the archive's hits -> facts and marks again, over the old ones, from where the last try stopped."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from conversions.models import AHEAD_MS
from conversions.models import Replay as Progress
from conversions.process import Processor
from conversions.ranges import FOR_EVER, Range
from tracker.hit import Hit

#: A hit may be received this long after it happened.
BEHIND_MS = 90 * 86_400_000
#: Objects fetched ahead of the one that is processed.
AHEAD = 8


class Archive(Protocol):
    """What a replay needs of the archive."""

    def get(self, key: str) -> list[Hit]:
        """The hits of an object."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """The keys of the batches made in a stretch of time (ms), in their order, those after a key."""


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """When the batches were made that may hold hits of these ranges, ms; a batch may be made a little after receipt."""
    since = min(span.since for span in ranges)
    until = max(span.until for span in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def hits_of(archive: Archive, keys: Iterable[str]) -> Iterator[tuple[str, list[Hit]]]:
    """Each key with its hits, fetched a few objects ahead."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[str, Future[list[Hit]]]] = deque()
        for key in keys:
            waiting.append((key, pool.submit(archive.get, key)))
            if len(waiting) > AHEAD:
                done = waiting.popleft()
                yield done[0], done[1].result()
        for key, future in waiting:
            yield key, future.result()


def replay(
    archive: Archive, processor: Processor, ranges: Sequence[Range], keys: Iterable[str], progress: Progress
) -> Iterator[int]:
    """Process each object's hits that lie in the ranges; gives their number, object by object, noting how far it came.

    Live counters are left alone: they are increments, a replay would double them.
    """
    by_site = {span.site: span for span in ranges}
    for key, hits in hits_of(archive, keys):
        mine = [hit for hit in hits if hit.site in by_site and hit.at in by_site[hit.site]]
        if mine:
            processor.process(mine, batch_of(key))
        progress.last_key = key
        progress.save(update_fields=["last_key"])
        yield len(mine)


def batch_of(key: str) -> str:
    """The batch id of an object's key."""
    return key.rpartition("/")[2].partition(".")[0]
