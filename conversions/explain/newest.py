"""Newest: lists the conversions of a site in a range of time, the newest hour first, page by page. Pure.

Within an hour, the newest conversions come first. If an hour has several parts, its parts are listed one after the
other, each with its newest conversions first. Therefore only one part at a time is in memory.
"""

from collections.abc import Callable, Iterator

import msgspec

from conversions.explain.decided import decide_part
from conversions.explain.find import START
from conversions.explain.listed import ListedConversion, Lister
from conversions.explain.position import ListPosition, write_position
from conversions.explain.wanted import Wanted
from conversions.facts.records import OrderKey, order_key
from conversions.rules.parts import SLOTS, Part
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.verdicts.cases import Case
from conversions.verdicts.fits import may_need_fits, month_before, read_learnt

#: A page ends after about this many bytes. Names of ads may be long, because anybody can send them.
PAGE_BYTES = 700_000

#: A function from (site, since, until) to every (bucket, part) with facts whose bucket starts in this range (ms).
KnownParts = Callable[[str, int, int], list[tuple[int, int]]]


class Step(msgspec.Struct, frozen=True):
    """A step through the list: a conversion, and the position after it. After the last conversion of a part or a day
    comes a step without a conversion, because a page may end there."""

    position: ListPosition
    conversion: ListedConversion | None = None


class FoundConversions(msgspec.Struct, frozen=True):
    """A page of the list of conversions. `next`: the position at which the next page begins; None on the last page. A
    page may have fewer conversions than the limit although `next` is not None."""

    conversions: list[ListedConversion]
    next: str | None = None


def find_newest(
    store: Store, site: SiteConfig, wanted: Wanted, known_parts: KnownParts, late: Callable[[], bool]
) -> FoundConversions:
    """Return a page of the list of conversions that `wanted` describes.

    The page ends when it has `wanted.limit` conversions or PAGE_BYTES. It also ends after a part of an hour if the time
    for an answer is up. `late`: a function that returns whether the time is up.
    """
    found: list[ListedConversion] = []
    size = 0
    for step in newest_first(store, site, wanted, known_parts):
        if step.conversion:
            found.append(step.conversion)
            size += len(msgspec.json.encode(step.conversion))
        if len(found) == wanted.limit or size > PAGE_BYTES or (step.conversion is None and late()):
            return FoundConversions(found, write_position(step.position))
    return FoundConversions(found)


def newest_first(store: Store, site: SiteConfig, wanted: Wanted, known_parts: KnownParts) -> Iterator[Step]:
    """Yield the conversions that `wanted` describes, the newest hour first, from the position `wanted.after` on."""
    lister = Lister(site, wanted)
    for until in range(min(wanted.until, _end(wanted)), wanted.since, -DAY_MS):
        since = max(until - DAY_MS, wanted.since)
        for bucket, index in sorted(known_parts(site.key, since, until), key=lambda place: (-place[0], place[1])):
            before = _before(wanted.after, bucket, index)
            if before is None or before <= START:
                continue
            yield from _of_part(store, site, lister, bucket, site.parts.of(bucket)[index], before)
            yield Step(ListPosition(bucket, index, START))
        if since > wanted.since:
            yield Step(ListPosition(since, SLOTS - 1, START))


#: Greater than the `order_key` of every conversion.
LAST: OrderKey = (1 << 62, "", "")


def _end(wanted: Wanted) -> int:
    """Return an instant (ms). The conversions that aren't listed yet are in the buckets that start before this
    instant."""
    return wanted.after.bucket + 1 if wanted.after else wanted.until


def _before(after: ListPosition | None, bucket: int, index: int) -> OrderKey | None:
    """Return an `order_key`. The conversions of this part with a smaller key aren't listed yet. None if all conversions
    of the part are on earlier pages."""
    if after is None or bucket < after.bucket:
        return LAST
    if index == after.part:
        return after.key
    return LAST if index > after.part else None


def _of_part(
    store: Store, site: SiteConfig, lister: Lister, bucket: int, part: Part, before: OrderKey
) -> Iterator[Step]:
    decided = decide_part(store, site, bucket, part, with_not_in_force=True)
    learnt = read_learnt(store, site, month_before(bucket, site)) if may_need_fits(decided.cases) else {}
    keyed = sorted(((order_key(case.verdict.winner), case) for case in decided.cases), key=_key, reverse=True)
    for key, case in keyed:
        listed = lister.row(case, decided.names, learnt) if key < before else None
        if listed:
            yield Step(ListPosition(bucket, part.index, key), listed)


def _key(keyed: tuple[OrderKey, Case]) -> OrderKey:
    return keyed[0]
