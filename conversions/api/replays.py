"""Replays: describes the progress of a replay, as the API shows it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from conversions.models import Replay
from conversions.units.formats import Instant
from tracker.archive import batch_of
from tracker.collection.hit import iso


class ReplayState(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a replay, as the API shows it."""

    id: int
    since: str | None = msgspec.field(name="from")
    until: str | None = msgspec.field(name="to")
    state: Literal["waiting", "running", "done"]
    batches: Annotated[int, Meta(description="How many batches were read from the archive.")]
    hits: Annotated[int, Meta(description="How many hits of the range were processed again.")]
    damaged: Annotated[
        int, Meta(description="How many batches, or blocks of merged objects, could not be read from the archive.")
    ]
    reached: Annotated[Instant | None, Meta(description="When the latest batch that was read was made.")]
    problem: Annotated[str | None, Meta(description="Why the replay stopped last. It will be tried again.")]
    started_at: Instant
    ended_at: Instant | None


class ReplayStates(msgspec.Struct, frozen=True):
    """The replays of a site, newest first."""

    results: list[ReplayState]


def describe_replay(row: Replay, now: int) -> ReplayState:
    """Return the progress of a replay as the API shows it. `now`: ms."""
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
    """Return a moment as ISO 8601 in UTC without fractions of a second, such as `2026-11-23T16:00:00Z`."""
    return iso(int(moment.timestamp()) * 1000)
