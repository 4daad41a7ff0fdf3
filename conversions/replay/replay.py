"""Replay: the archive's hits -> facts and marks again, over the old ones, from where the last try stopped."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversions.marks.marks import changed_at
from conversions.marks.process import Processor
from conversions.marks.ranges import Range, mark_range, read_ranges
from conversions.models import AHEAD_MS, Goal, effect_time
from conversions.models import Replay as Progress
from conversions.units.clock import FOR_EVER
from tracker.away import AWAY
from tracker.collection.failure import Permanent
from tracker.collection.hit import Hit, iso
from tracker.collection.refusal import Refusal

logger = logging.getLogger(__name__)

#: A hit may be received 90 days after it happened, and be archived with batches that were made a day later.
BEHIND_MS = 91 * 86_400_000
#: How many objects are fetched ahead of the one that is processed.
AHEAD = 8
#: How much longer than planned a replay is held for a worker that may have died, ms.
GRACE_MS = 60_000


class Archive(Protocol):
    """What a replay needs of the archive."""

    def get(self, key: str) -> list[Hit]:
        """The hits of an object. Raises Permanent: it is damaged, or not there."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """The keys of the batches that were made in an interval (ms) and come after a key, in their order."""


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """The interval (ms) in which the batches were made that may hold hits of these ranges."""
    since = min(one.since for one in ranges)
    until = max(one.until for one in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def list_keys(archive: Archive, ranges: Sequence[Range], progress: Progress) -> Iterator[str]:
    """The objects that are still to be replayed."""
    since, until = object_range(ranges)
    return archive.list(since, until, progress.last_key)


def may_start_at(ranges: Iterable[Range]) -> int:
    """The instant (ms) after which every worker's cache knows the last change of the sites' configuration.

    Later hits are processed with the changed goal. Earlier hits are in the archive by then.
    """
    return changed_at(one.site for one in ranges) + 1000 * settings.CONFIG_CACHE_SECONDS


def is_outdated(progress: Progress, ranges: Iterable[Range]) -> bool:
    """Whether the configuration changed since a replay began. Its first part may then lack what counts now."""
    started_at = 1000 * progress.started_at.timestamp()
    return bool(progress.last_key) and changed_at(one.site for one in ranges) >= started_at


def hits_of(archive: Archive, keys: Iterable[str]) -> Iterator[tuple[str, list[Hit] | None]]:
    """Each key with its hits, fetched a few objects ahead; None for an object that is damaged or gone."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[tuple[str, Future[list[Hit]]]] = deque()
        for key in keys:
            waiting.append((key, pool.submit(archive.get, key)))
            if len(waiting) > AHEAD:
                yield _fetched(*waiting.popleft())
        while waiting:
            yield _fetched(*waiting.popleft())


def _fetched(key: str, future: Future[list[Hit]]) -> tuple[str, list[Hit] | None]:
    try:
        return key, future.result()
    except Permanent as error:
        logger.error("the archive's object %s is left out: %s", key, error)
        return key, None


def replay(
    archive: Archive, processor: Processor, ranges: Sequence[Range], keys: Iterable[str], progress: Progress
) -> Iterator[int]:
    """Process the hits of each object that lie in the ranges; yield their number per object, and note how far it came.

    It doesn't touch live counters: they are increments, and a replay would double them.
    """
    by_site = {one.site: one for one in ranges}
    for key, hits in hits_of(archive, keys):
        mine = [hit for hit in hits or () if hit.site in by_site and hit.at in by_site[hit.site]]
        if mine:
            processor.process(mine, batch_of(key))
        progress.last_key = key
        progress.batches += 1
        progress.hits += len(mine)
        progress.damaged += hits is None
        progress.save(update_fields=["last_key", "batches", "hits", "damaged"])
        yield len(mine)


def end(progress: Progress, ranges: Iterable[Range]) -> None:
    """End a replay: mark every bucket of the ranges, to make its figures again, too."""
    for one in ranges:
        mark_range(one)
    Progress.objects.filter(pk=progress.pk).update(ended_at=timezone.now(), held_until=0, problem="")


def make_retroactive(goal: Goal, since: int) -> Progress:
    """Let a goal's newest version hold since an instant (ms), and request the replay that adds what it counts.

    The replay ends where the version holds anyway. It is a new replay, because one under way may have passed its hits.
    """
    with transaction.atomic():
        goal.make_retroactive(since)
        return Progress.objects.create(site=goal.site.key, since=iso(since), until=iso(effect_time()), requested=True)


def carry_on(archive: Archive, processor: Processor, clock: Callable[[], int], until: int) -> None:
    """Go on with the replays that were requested, one after the other, up to an instant (ms)."""
    for progress in Progress.objects.filter(requested=True, ended_at__isnull=True).order_by("pk"):
        if clock() < until and progress.hold(clock(), until + GRACE_MS):
            _carry_on(archive, processor, clock, until, progress)


def _carry_on(archive: Archive, processor: Processor, clock: Callable[[], int], until: int, progress: Progress) -> None:
    """If a service is away, the next call tries again."""
    problem = ""
    try:
        ranges = read_ranges(progress.site or None, progress.since, progress.until)
        if clock() >= may_start_at(ranges):
            for _ in replay(archive, processor, ranges, list_keys(archive, ranges, progress), progress):
                if clock() >= until:
                    break
            else:
                end(progress, ranges)
    except (*AWAY, Refusal) as error:
        logger.warning("%s waits: %s", progress, error)
        problem = str(error)
    progress.release(problem)


def batch_of(key: str) -> str:
    """The batch id of an object's key."""
    return key.rpartition("/")[2].partition(".")[0]
