"""Replay: the archive's hits -> facts and marks again, over the old ones, from where the last try stopped."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversions.marks.marks import changed_at
from conversions.marks.process import Processor
from conversions.marks.ranges import Range, mark_range, read_ranges
from conversions.models import Goal, effect_time
from conversions.models import Replay as Progress
from conversions.replay.reading import Read, ReplayArchive, read_hits
from tracker.away import AWAY
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

logger = logging.getLogger(__name__)

#: A worker holds a replay until this long (ms) after the planned end of its work. If the worker dies, another one may
#: go on then.
GRACE_MS = 60_000


def may_start_at(ranges: Iterable[Range]) -> int:
    """The instant (ms) from which on every worker's cache has the last change of the sites' configuration.

    Hits that are processed later meet the changed configuration. Hits that were processed earlier are in the archive by
    then.
    """
    return changed_at(one.site for one in ranges) + 1000 * settings.CONFIG_CACHE_SECONDS


def is_outdated(progress: Progress, ranges: Iterable[Range]) -> bool:
    """Whether the configuration changed since a replay began. If so, facts may be missing from what the replay did
    before the change."""
    started_at = 1000 * progress.started_at.timestamp()
    return bool(progress.last_key) and changed_at(one.site for one in ranges) >= started_at


def replay(archive: ReplayArchive, processor: Processor, ranges: Sequence[Range], progress: Progress) -> Iterator[Read]:
    """Process the hits that are in the ranges, piece by piece; yield each piece, and note the progress.

    Live counters are left alone: they are increments, and a replay would double them.
    """
    for read in read_hits(archive, ranges, progress.last_key):
        batches = [batch for batch in read.batches or () if batch.hits]
        if batches:
            processor.process_batches(batches)
        progress.last_key = read.reached
        progress.batches += read.held
        progress.hits += sum(len(batch.hits) for batch in batches)
        progress.damaged += read.batches is None
        progress.save(update_fields=["last_key", "batches", "hits", "damaged"])
        yield read


def end(progress: Progress, ranges: Iterable[Range]) -> None:
    """End a replay: mark every bucket of the ranges, whose figures are then made again."""
    for one in ranges:
        mark_range(one)
    Progress.objects.filter(pk=progress.pk).update(ended_at=timezone.now(), held_until=0, problem="")


def make_retroactive(goal: Goal, since: int) -> Progress:
    """Let a goal's newest version hold since an instant (ms), and request the replay that adds its conversions.

    The replay goes up to `effect_time()`: hits after that instant meet the changed version without a replay. A new
    replay is made even if one is under way, because that one may have passed these hits already.
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
            for _ in replay(archive, processor, ranges, progress):
                if clock() >= until:
                    break
            else:
                end(progress, ranges)
    except (*AWAY, Refusal) as error:
        logger.warning("%s waits: %s", progress, error)
        problem = str(error)
    progress.release(problem)
