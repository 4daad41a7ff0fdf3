"""Replay: makes facts and marks again from the archive's hits. A replay continues where the last attempt stopped."""

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
from conversions.replay.reading import ReadPiece, ReplayArchive, read_hits
from tracker.away import AWAY
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal

logger = logging.getLogger(__name__)

#: A worker holds a replay until this long (ms) after the planned end of its work. If the worker dies, another worker
#: can continue after this time.
GRACE_MS = 60_000


def may_start_at(ranges: Iterable[Range]) -> int:
    """Return the instant (ms) at which a replay of these sites may start. From this instant on, every worker's cache
    has the last change of the sites' configuration.

    Workers process later hits with this change. Earlier hits are in the archive by then, and are replayed.
    """
    return changed_at(one.site for one in ranges) + 1000 * settings.CONFIG_CACHE_SECONDS


def is_outdated(progress: Progress, ranges: Iterable[Range]) -> bool:
    """Whether a replay must begin again because the configuration has changed since it began. Its hits were processed
    with the old configuration, and facts may be missing."""
    started_at = 1000 * progress.started_at.timestamp()
    return bool(progress.last_key) and changed_at(one.site for one in ranges) >= started_at


def replay(
    archive: ReplayArchive, processor: Processor, ranges: Sequence[Range], progress: Progress
) -> Iterator[ReadPiece]:
    """Process the hits of the ranges again, piece by piece, and save the progress after each piece. Yields each piece.

    Live counters are not changed, because a replay would count hits twice.
    """
    for read in read_hits(archive, ranges, progress.last_key):
        batches = [batch for batch in read.batches or () if batch.hits]
        if batches:
            processor.process_batches(batches)
        progress.last_key = read.reached
        progress.batches += read.finished_batches
        progress.hits += sum(len(batch.hits) for batch in batches)
        progress.damaged += read.batches is None
        progress.save(update_fields=["last_key", "batches", "hits", "damaged"])
        yield read


def end_replay(progress: Progress, ranges: Iterable[Range]) -> None:
    """End a replay that has read everything: mark every bucket of the ranges to be rolled up again."""
    for one in ranges:
        mark_range(one)
    Progress.objects.filter(pk=progress.pk).update(ended_at=timezone.now(), held_until=0, problem="")


def make_retroactive(goal: Goal, since: int) -> Progress:
    """Let a goal's newest version take effect at an earlier instant (ms), and request the replay that adds the
    version's conversions.

    The replay ends at `effect_time()`, because later hits meet the version without a replay. A new replay is requested
    even if another one is running, because the running one may already have passed some of these hits.
    """
    with transaction.atomic():
        goal.make_retroactive(since)
        return Progress.objects.create(site=goal.site.key, since=iso(since), until=iso(effect_time()), requested=True)


def continue_replays(archive: ReplayArchive, processor: Processor, clock: Callable[[], int], until: int) -> None:
    """Continue the requested replays, one after the other, until the instant `until` (ms). `clock`: a function that
    returns the present time (ms)."""
    for progress in Progress.objects.filter(requested=True, ended_at__isnull=True).order_by("pk"):
        if clock() < until and progress.hold(clock(), until + GRACE_MS):
            _continue_replay(archive, processor, clock, until, progress)


def _continue_replay(
    archive: ReplayArchive, processor: Processor, clock: Callable[[], int], until: int, progress: Progress
) -> None:
    """Continue one replay until `until` (ms). If a service can't be reached, the replay stops, and the next call tries
    again."""
    problem = ""
    try:
        ranges = read_ranges(progress.site or None, progress.since, progress.until)
        if clock() >= may_start_at(ranges):
            for _ in replay(archive, processor, ranges, progress):
                if clock() >= until:
                    break
            else:
                end_replay(progress, ranges)
    except (*AWAY, Refusal) as error:
        logger.warning("%s waits: %s", progress, error)
        problem = str(error)
    progress.release(problem)
