"""Tasks: a batch -> facts and marks -> live counters; and the tasks that beat runs for this room. Interfaces only."""

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
from conversions.replay.replay import carry_on
from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.collection.hit import decode_batch

#: A worker may spend at most this many seconds of each minute on replays. Live hits come first.
TICK_SECONDS = 30


def processor() -> Processor:
    """Make the processor on the store and the configuration that the settings name."""
    return Processor(open_store(), sequence, load_for_hits, frozen_before, settings.REJECTED_DAILY_CAP)


def replay_processor() -> Processor:
    """Make the processor of a replay. It treats no bucket as frozen: late hits were listed when they first came, and
    the rollup drops the marks on frozen buckets."""
    return Processor(open_store(), sequence, load_for_hits, lambda: 0, settings.REJECTED_DAILY_CAP)


@shared_task(name="conversions.tasks.attribute_hits", takes_batch=True)
def attribute_hits(text: str) -> list[Any]:
    """Write a batch's facts and marks; return its counter increments.

    An empty batch is a marker. It is noted only if the store can take facts.
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
    """Add a batch's increments to the live counters."""
    if counts:
        open_store().add_counts(msgspec.convert(counts, list[Count]))


@shared_task(name="conversions.tasks.keep_snapshot")
def keep_snapshot() -> None:
    """Take a snapshot of the configuration if it changed. If the archive is away, the next tick tries again."""
    keep_now()


@shared_task(name="conversions.tasks.carry_on_replays")
def carry_on_replays() -> None:
    """Continue the replays that staff requested, until the tick ends."""
    archive = open_archive()
    carry_on(archive, replay_processor(), now_ms, now_ms() + 1000 * TICK_SECONDS)
