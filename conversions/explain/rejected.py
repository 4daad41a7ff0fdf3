"""Rejected: lists a site's rejected hits, the newest first, page by page, for `/api/rejected`. Pure."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from conversions.facts.rejected import RejectedHit
from conversions.rules.reasons import RejectedCode
from conversions.store.port import Store
from conversions.units.formats import Instant, Url
from tracker.collection.hit import Hit, iso

#: A page has at most PAGE hits. With a filter, it searches at most LOOKED_THROUGH hits.
PAGE, LOOKED_THROUGH = 100, 1_000
#: The fields on which a list can be filtered. OWN: fields of the row. KEPT: fields of the hit, which is in the row's
#: body.
OWN, KEPT = ("code", "hit"), ("visitor", "order", "user")


class RejectedCursor(msgspec.Struct, frozen=True):
    """The position at which a page of rejected hits begins. The page lists the hits with `since` <= at <= `latest`
    (ms), newest first. `skip`: how many hits at exactly `latest` are on earlier pages; these are left out."""

    since: int
    latest: int
    skip: int = 0


class FoundRejected(msgspec.Struct, frozen=True):
    """A page of rejected hits. `next`: the position at which the next page begins; None on the last page. A page may
    have fewer hits than PAGE although `next` is not None."""

    hits: list[RejectedHit]
    next: RejectedCursor | None


class ListedRejected(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted hit that doesn't count, or that counts without a field that can't be read. `code` and `detail` say
    why."""

    hit: str
    at: Instant
    code: RejectedCode
    field: str | None
    detail: Annotated[str, Meta(description="The reason in words.")]
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]
    body: Annotated[
        Any, Meta(description="The hit as it was collected. If it is too long: its first characters, as text.")
    ]
    page: Annotated[Url, Meta(description="The address of the page that finds conversions with this hit id.")]


def find_rejected(
    store: Store, site: str, cursor: RejectedCursor, wanted: Callable[[RejectedHit], bool] | None
) -> FoundRejected:
    """Return a page of the rejected hits that meet a filter. `wanted`: the filter; None to return all hits."""
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
    """Whether a rejected hit has all values of a filter. `wanted`: name of a field -> its value. The fields in KEPT are
    read from the stored body. If the body was cut, the hit doesn't match."""
    if any(getattr(hit, name) != wanted[name] for name in OWN if name in wanted):
        return False
    asked = [name for name in KEPT if name in wanted]
    kept = kept_hit(hit) if asked else None
    return all(getattr(kept, name, "") == wanted[name] for name in asked)


def kept_hit(hit: RejectedHit) -> Hit | None:
    """Decode the hit from the body of a row. None if the body was cut or not stored."""
    try:
        return msgspec.json.decode(hit.body, type=Hit)
    except msgspec.DecodeError:
        return None


def describe_rejected(hit: RejectedHit, archive_key: Callable[[str], str | None], page: Url) -> ListedRejected:
    """Return a rejected hit as the API shows it. `page`: the URL of the page that lists the conversions of this hit."""
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
