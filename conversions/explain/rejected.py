"""Rejected: a site's rejected hits, newest first, page by page, and those of a conversion's persons. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from conversions.explain.claimants import Claimants
from conversions.explain.find import rows_of
from conversions.facts.rejected import RejectedHit
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.verdicts.cases import Case
from tracker.collection.hit import iso

#: Hits a page, and how many are looked through for one where a filter is given.
PAGE, LOOKED_THROUGH = 100, 1_000
#: By what hits are chosen: of the row itself, and of the hit as it was taken in.
OWN, KEPT = ("code", "hit"), ("visitor", "order", "user")
#: Explaining looks through those of so long before a conversion, as each hour of a site is a read of its own.
LOOKS_BACK = 7 * DAY_MS


class Stretch(msgspec.Struct, frozen=True):
    """Where a page begins: `since` <= at <= `latest` (ms), without the first `skip` of those at `latest`."""

    since: int
    latest: int
    skip: int = 0


class Page(msgspec.Struct, frozen=True):
    """Hits, and where the next page begins, None after the last. A page may be short and yet not the last."""

    hits: list[RejectedHit]
    next: Stretch | None


def read_page(store: Store, site: str, stretch: Stretch, wanted: Callable[[RejectedHit], bool] | None) -> Page:
    """The next hits that are wanted, all without a filter."""
    most = LOOKED_THROUGH if wanted else PAGE
    rows = store.read_rejected(site, stretch.since, stretch.latest + 1, stretch.skip + most + 1)
    hits: list[RejectedHit] = []
    seen = stretch.skip
    for hit in rows[stretch.skip : stretch.skip + most]:
        seen += 1
        if wanted is None or wanted(hit):
            hits.append(hit)
        if len(hits) == PAGE:
            break
    return Page(hits, _after(stretch, rows, seen) if seen < len(rows) else None)


def _after(stretch: Stretch, rows: list[RejectedHit], seen: int) -> Stretch:
    last = rows[seen - 1].at
    return Stretch(stretch.since, last, sum(row.at == last for row in rows[:seen]))


class RejectedBefore(msgspec.Struct, frozen=True):
    """Hits of a case's visitors, newest first: those of `since` <= at (ms) until it; its window begins at `window`."""

    hits: tuple[RejectedHit, ...] = ()
    since: int = 0
    window: int = 0


def read_rejected_before(store: Store, site: str, case: Case, claimants: Claimants) -> RejectedBefore:
    """The rejected hits of the visitors of a case in its longer window, as far as LOOKS_BACK and LOOKED_THROUGH go."""
    at, version = case.verdict.winner.at, case.verdict.version
    window = at - max(version.click_window, version.view_window)
    since = max(window, at - LOOKS_BACK)
    rows = store.read_rejected(site, since, at + 1, LOOKED_THROUGH + 1)
    if len(rows) > LOOKED_THROUGH:
        since = rows[LOOKED_THROUGH].at + 1
    visitors = {row.visitor for row in rows_of(case)}
    visitors |= {member.visitor for person in claimants.persons for member in person.members}
    hits = (row for row in rows if row.at >= since and read_kept(row).get("visitor") in visitors)
    return RejectedBefore(tuple(hits), since, window)


def describe_rejected_before(before: RejectedBefore, archive_key: Callable[[str], str | None]) -> dict[str, Any]:
    """The hits with their reasons, and whether the whole window was looked through."""
    return {
        "hits": [_describe_own(hit, archive_key) for hit in before.hits],
        "window_from": iso(before.window),
        "since": iso(before.since),
        "complete": before.since == before.window,
    }


def _describe_own(hit: RejectedHit, archive_key: Callable[[str], str | None]) -> dict[str, Any]:
    kept = read_kept(hit)
    return {
        "hit": hit.hit,
        "at": iso(hit.at),
        "code": hit.code,
        "detail": hit.detail,
        "type": kept.get("type"),
        "ad": kept.get("ad"),
        "visitor": kept.get("visitor"),
        "batch": hit.batch or None,
        "archive_key": archive_key(hit.batch),
    }


def is_wanted(hit: RejectedHit, wanted: Mapping[str, str]) -> bool:
    """Whether it has all that is wanted, of OWN and KEPT. A body that was cut says nothing of the hit."""
    if any(getattr(hit, name) != wanted[name] for name in OWN if name in wanted):
        return False
    asked = [name for name in KEPT if name in wanted]
    kept = read_kept(hit) if asked else {}
    return all(kept.get(name) == wanted[name] for name in asked)


def read_kept(hit: RejectedHit) -> dict[str, Any]:
    """The hit as it was taken in; empty where that was cut or not kept."""
    kept = _body(hit.body)
    return kept if isinstance(kept, dict) else {}


def describe_rejected_hit(hit: RejectedHit, archive_key: Callable[[str], str | None]) -> dict[str, Any]:
    """A hit with the reason why it is no fact. `body` is the hit as it was taken in, as text where it was cut."""
    return {
        "hit": hit.hit,
        "at": iso(hit.at),
        "code": hit.code,
        "field": hit.field or None,
        "detail": hit.detail,
        "batch": hit.batch or None,
        "archive_key": archive_key(hit.batch),
        "body": _body(hit.body),
    }


def _body(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text or None
