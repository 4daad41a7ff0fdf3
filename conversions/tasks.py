"""Tasks: processes a batch of hits, and then adds to the live counters. This module also has the tasks that beat runs
each minute."""

from typing import Any

import msgspec
from celery import shared_task
from django.conf import settings

from conversions.configuration.loading import load_for_hits
from conversions.configuration.snapshot import keep_now
from conversions.facts.counts import Count
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.marks.retention import frozen_before
from conversions.models import Marker
from conversions.replay.replay import continue_replays
from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.collection.hit import decode_batch

#: Replays run for at most this many seconds of each minute, because live hits come first.
TICK_SECONDS = 30


def processor() -> Processor:
    """Make the processor of hits, with the store and the configuration in the settings."""
    return Processor(open_store(), sequence, load_for_hits, frozen_before, settings.REJECTED_DAILY_CAP)


def replay_processor() -> Processor:
    """Make the processor of a replay. It processes hits of any age: late hits were already rejected when they first
    came, and the rollup ignores marks on frozen buckets."""
    return Processor(open_store(), sequence, load_for_hits, lambda: 0, settings.REJECTED_DAILY_CAP)


@shared_task(name="conversions.tasks.attribute_hits", takes_batch=True)
def attribute_hits(text: str) -> list[Any]:
    """Write the facts of a batch, and mark the hours that the facts may change. Returns the increments of live
    counters.

    An empty batch is a marker. The marker is noted as processed only if the store can accept facts.
    """
    batch = decode_batch(text)
    if not batch.hits:
        open_store().check()
        Marker.reach(batch.made_at)
        return []
    counts: list[Any] = msgspec.to_builtins(processor().process(batch.hits, batch.id))
    return counts


@shared_task(name="conversions.tasks.count_facts")
def count_facts(counts: list[Any]) -> None:
    """Add the increments of a batch to the live counters. `counts`: what `attribute_hits` returned."""
    if counts:
        open_store().add_counts(msgspec.convert(counts, list[Count]))


@shared_task(name="conversions.tasks.keep_snapshot")
def keep_snapshot() -> None:
    """Store a snapshot of the configuration if the configuration has changed. If the archive can't be reached, the next
    call of this task, a minute later, tries again."""
    keep_now()


@shared_task(name="conversions.tasks.carry_on_replays")
def carry_on_replays() -> None:
    """Continue the replays that staff requested, for at most TICK_SECONDS."""
    archive = open_archive()
    continue_replays(archive, replay_processor(), now_ms, now_ms() + 1000 * TICK_SECONDS)
