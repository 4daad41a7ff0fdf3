"""Replays: the row of a replay -> its progress, as the API answers it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from conversions.models import Replay
from conversions.units.formats import Instant
from tracker.archive import batch_of
from tracker.collection.hit import iso


class ReplayState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay has come."""

    id: int
    since: str | None = msgspec.field(name="from")
    until: str | None = msgspec.field(name="to")
    state: Literal["waiting", "running", "done"]
    batches: Annotated[int, Meta(description="Batches of the archive that were read.")]
    hits: Annotated[int, Meta(description="Hits of the range processed again.")]
    damaged: Annotated[
        int, Meta(description="Batches, or blocks of merged objects, that could not be read from the archive.")
    ]
    reached: Annotated[Instant | None, Meta(description="When the last batch that was read was made.")]
    problem: Annotated[str | None, Meta(description="Why the last try stopped. The replay is tried again.")]
    started_at: Instant
    ended_at: Instant | None


class ReplayStates(msgspec.Struct, frozen=True):
    """A site's replays, the newest first."""

    results: list[ReplayState]


def describe_replay(row: Replay, now: int) -> ReplayState:
    """Describe how far a replay has come."""
    return ReplayState(
        id=row.pk,
        since=row.since or None,
        until=row.until or None,
        state="done" if row.ended_at else "running" if row.held_until > now else "waiting",
        batches=row.batches,
        hits=row.hits,
        damaged=row.damaged,
        reached=iso(int(batch_of(row.last_key)[:13])) if row.last_key else None,
        problem=row.problem or None,
        started_at=iso_seconds(row.started_at),
        ended_at=iso_seconds(row.ended_at) if row.ended_at else None,
    )


def iso_seconds(moment: datetime) -> Instant:
    """Format a moment as ISO 8601 in UTC with `Z`, to the second."""
    return iso(int(moment.timestamp()) * 1000)
