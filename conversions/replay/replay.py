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

#: A hit may be received 90 days after it happened, and be archived in a batch that is made up to a day later.
BEHIND_MS = 91 * 86_400_000
#: The number of objects that are fetched ahead of the one that is processed.
AHEAD = 8
#: A replay is held this much longer than planned (ms), in case its worker died.
GRACE_MS = 60_000


class ReplayArchive(Protocol):
    """The part of the archive that a replay reads."""

    def get(self, key: str) -> list[Hit]:
        """Read the hits of an object. Raises Permanent if the object is damaged or missing."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """List the keys of the batches that were made in an interval (ms) and come after a key, in their order."""


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """The interval (ms) in which batches that may hold hits of these ranges were made."""
    since = min(one.since for one in ranges)
    until = max(one.until for one in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def list_keys(archive: ReplayArchive, ranges: Sequence[Range], progress: Progress) -> Iterator[str]:
    """List the objects that are still to be replayed."""
    since, until = object_range(ranges)
    return archive.list(since, until, progress.last_key)


def may_start_at(ranges: Iterable[Range]) -> int:
    """The instant (ms) from which on every worker's cache has the last change of the sites' configuration.

    Later hits are processed with the changed configuration. Earlier hits are in the archive by then.
    """
    return changed_at(one.site for one in ranges) + 1000 * settings.CONFIG_CACHE_SECONDS


def is_outdated(progress: Progress, ranges: Iterable[Range]) -> bool:
    """Whether the configuration changed since a replay began. What it did before the change may then lack facts."""
    started_at = 1000 * progress.started_at.timestamp()
    return bool(progress.last_key) and changed_at(one.site for one in ranges) >= started_at


def hits_of(archive: ReplayArchive, keys: Iterable[str]) -> Iterator[tuple[str, list[Hit] | None]]:
    """Yield each key with its hits, fetched a few objects ahead; None for an object that is damaged or missing."""
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
    archive: ReplayArchive, processor: Processor, ranges: Sequence[Range], keys: Iterable[str], progress: Progress
) -> Iterator[int]:
    """Process the hits of each object that are in the ranges; yield their number per object, and note the progress.

    Live counters are left alone: they are increments, and a replay would double them.
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
    """End a replay: mark every bucket of the ranges, whose figures are then made again."""
    for one in ranges:
        mark_range(one)
    Progress.objects.filter(pk=progress.pk).update(ended_at=timezone.now(), held_until=0, problem="")


def make_retroactive(goal: Goal, since: int) -> Progress:
    """Let a goal's newest version hold since an instant (ms), and request the replay that adds its conversions.

    The replay ends where the version took effect before. It is a new replay, because one under way may have passed
    these hits already.
    """
    with transaction.atomic():
        goal.make_retroactive(since)
        return Progress.objects.create(site=goal.site.key, since=iso(since), until=iso(effect_time()), requested=True)


def carry_on(archive: ReplayArchive, processor: Processor, clock: Callable[[], int], until: int) -> None:
    """Continue the requested replays, one after the other, up to an instant (ms)."""
    for progress in Progress.objects.filter(requested=True, ended_at__isnull=True).order_by("pk"):
        if clock() < until and progress.hold(clock(), until + GRACE_MS):
            _carry_on(archive, processor, clock, until, progress)


def _carry_on(
    archive: ReplayArchive, processor: Processor, clock: Callable[[], int], until: int, progress: Progress
) -> None:
    """Continue one replay. If a service is away, the next call tries again."""
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
    """The batch id in an object's key."""
    return key.rpartition("/")[2].partition(".")[0]
