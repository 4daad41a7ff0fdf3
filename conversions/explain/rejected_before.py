"""Rejected before: lists the rejected hits that a conversion's persons sent before the conversion, newest first.
Pure."""

from collections.abc import Callable
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.explain.claimants import Claimants
from conversions.explain.find import stored_conversions
from conversions.explain.rejected import LOOKED_THROUGH, kept_hit
from conversions.facts.rejected import RejectedHit
from conversions.rules.reasons import RejectedCode
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.units.formats import Instant
from conversions.verdicts.cases import Case
from tracker.collection.hit import Hit, HitType, iso

#: Rejected hits are searched at most this long before the conversion (ms), because each hour is a separate read.
LOOKS_BACK = 7 * DAY_MS
#: At most this many rejected hits are listed.
MAX_SHOWN = 100


class ExplainedRejected(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected hit that a person of the conversion sent."""

    hit: str
    at: Instant
    code: RejectedCode
    detail: Annotated[str, Meta(description="The reason in words.")]
    type: HitType
    ad: Annotated[str | None, Meta(description="The ad's key; null if the hit names none.")]
    visitor: str
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]


class RejectedBefore(msgspec.Struct, frozen=True):
    """The rejected hits that the conversion's persons sent before the conversion, newest first."""

    hits: tuple[ExplainedRejected, ...]
    window_from: Annotated[Instant, Meta(description="The time at which the longer of the goal's two windows begins.")]
    since: Annotated[Instant, Meta(description="Hits from this time on were searched. `/api/rejected` lists all hits.")]
    complete: Annotated[bool, Meta(description="Whether all rejected hits of the window are listed.")]


def read_rejected_before(
    store: Store, site: str, case: Case, claimants: Claimants, archive_key: Callable[[str], str | None]
) -> RejectedBefore:
    """Read the rejected hits that the visitors of a conversion's persons sent before the conversion, within the longer
    of the goal's two windows.

    Hits that are older than LOOKS_BACK, or not among the site's newest LOOKED_THROUGH, are not read.
    """
    at, version = case.verdict.winner.at, case.verdict.version
    window = at - max(version.click_window, version.view_window)
    since = max(window, at - LOOKS_BACK)
    rows = store.read_rejected(site, since, at + 1, LOOKED_THROUGH + 1)
    if len(rows) > LOOKED_THROUGH:
        since = rows[LOOKED_THROUGH].at + 1
    visitors = {row.visitor for row in stored_conversions(case)} | claimants.visitors
    kept = ((row, kept_hit(row)) for row in rows if row.at >= since)
    found = ((row, hit) for row, hit in kept if hit and hit.visitor in visitors)
    hits = [_describe(row, hit, archive_key) for row, hit in islice(found, MAX_SHOWN + 1)]
    complete = since == window and len(hits) <= MAX_SHOWN
    return RejectedBefore(tuple(hits[:MAX_SHOWN]), iso(window), iso(since), complete)


def _describe(row: RejectedHit, kept: Hit, archive_key: Callable[[str], str | None]) -> ExplainedRejected:
    return ExplainedRejected(
        hit=row.hit,
        at=iso(row.at),
        code=row.code,
        detail=row.detail,
        type=kept.type,
        ad=kept.ad or None,
        visitor=kept.visitor,
        batch=row.batch or None,
        archive_key=archive_key(row.batch),
    )
