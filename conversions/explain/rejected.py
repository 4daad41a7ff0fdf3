"""Rejected: a site's rejected hits, newest first, page by page, as `/api/rejected` lists them. Pure."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from conversions.facts.rejected import RejectedHit
from conversions.rules.reasons import RejectedCode
from conversions.store.port import Store
from conversions.units.formats import Instant, Url
from tracker.collection.hit import Hit, iso

#: The largest number of hits on a page; and the largest number of hits that a page with a filter searches.
PAGE, LOOKED_THROUGH = 100, 1_000
#: The fields that a filter may name: those of the row, and those of the hit as it was collected.
OWN, KEPT = ("code", "hit"), ("visitor", "order", "user")


class RejectedCursor(msgspec.Struct, frozen=True):
    """The position where a page begins: `since` <= at <= `latest` (ms), without the first `skip` hits at `latest`."""

    since: int
    latest: int
    skip: int = 0


class FoundRejected(msgspec.Struct, frozen=True):
    """Rejected hits; and the position where the next page begins, None for the last page. A short page need not be the
    last."""

    hits: list[RejectedHit]
    next: RejectedCursor | None


class ListedRejected(msgspec.Struct, frozen=True, kw_only=True):
    """A hit that was accepted but is no fact, with its reason."""

    hit: str
    at: Instant
    code: RejectedCode
    field: str | None
    detail: Annotated[str, Meta(description="The reason in words.")]
    batch: Annotated[str | None, Meta(description="The id of the batch that the hit came in.")]
    archive_key: Annotated[str | None, Meta(description="The archive's object that holds it; null if that is unknown.")]
    body: Annotated[
        Any, Meta(description="The hit as it was collected. If it was too long, it is its first characters as text.")
    ]
    page: Annotated[Url, Meta(description="The page for people that lists the conversions of the hit id.")]


def find_rejected(
    store: Store, site: str, cursor: RejectedCursor, wanted: Callable[[RejectedHit], bool] | None
) -> FoundRejected:
    """Find the next hits that meet the filter, or the next hits if there is no filter."""
    most = LOOKED_THROUGH if wanted else PAGE
    rows = store.read_rejected(site, cursor.since, cursor.latest + 1, cursor.skip + most + 1)
    hits: list[RejectedHit] = []
    seen = cursor.skip
    for hit in rows[cursor.skip : cursor.skip + most]:
        seen += 1
        if wanted is None or wanted(hit):
            hits.append(hit)
        if len(hits) == PAGE:
            break
    return FoundRejected(hits, _after(cursor, rows, seen) if seen < len(rows) else None)


def _after(cursor: RejectedCursor, rows: list[RejectedHit], seen: int) -> RejectedCursor:
    last = rows[seen - 1].at
    return RejectedCursor(cursor.since, last, sum(row.at == last for row in rows[:seen]))


def is_wanted(hit: RejectedHit, wanted: Mapping[str, str]) -> bool:
    """Whether a rejected hit has all wanted values. If its body was cut, the fields in KEPT are unknown and don't
    match."""
    if any(getattr(hit, name) != wanted[name] for name in OWN if name in wanted):
        return False
    asked = [name for name in KEPT if name in wanted]
    kept = kept_hit(hit) if asked else None
    return all(getattr(kept, name, "") == wanted[name] for name in asked)


def kept_hit(hit: RejectedHit) -> Hit | None:
    """Read the hit as it was collected; None if its body was cut or not kept."""
    try:
        return msgspec.json.decode(hit.body, type=Hit)
    except msgspec.DecodeError:
        return None


def describe_rejected(hit: RejectedHit, archive_key: Callable[[str], str | None], page: Url) -> ListedRejected:
    """Describe a rejected hit as the API lists it."""
    return ListedRejected(
        hit=hit.hit,
        at=iso(hit.at),
        code=hit.code,
        field=hit.field or None,
        detail=hit.detail,
        batch=hit.batch or None,
        archive_key=archive_key(hit.batch),
        body=_body(hit.body),
        page=page,
    )


def _body(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text or None
