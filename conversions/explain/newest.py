"""Newest: a range of a site -> its conversions, the newest hour first, read part by part. Pure.

Within an hour the newest conversions come first. If an hour has several parts, its parts follow one another, each with
its newest conversions first: the memory that a list takes is that of one part, which is what a rollup takes.
"""

from collections.abc import Callable, Iterator

import msgspec

from conversions.explain.decided import decide_part
from conversions.explain.find import START
from conversions.explain.listed import ListedConversion, list_case
from conversions.explain.position import ListPosition, write_position
from conversions.explain.wanted import Wanted
from conversions.facts.records import OrderKey, order_key
from conversions.rules.parts import SLOTS, Part
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.verdicts.cases import Case
from conversions.verdicts.fits import may_need_fits, month_before, read_learnt

#: A page ends after about this many bytes, because strangers choose the names of ads.
PAGE_BYTES = 700_000

#: Site, since, until -> every (bucket, part) that may have facts, for the buckets that begin in the interval (ms).
KnownParts = Callable[[str, int, int], list[tuple[int, int]]]


class Step(msgspec.Struct, frozen=True):
    """One step through a list: the position behind it, and the conversion before this position; None at the end of a
    part or of a day."""

    position: ListPosition
    conversion: ListedConversion | None = None


class FoundConversions(msgspec.Struct, frozen=True):
    """A page of conversions; and where the next page begins, None for the last page. A short page need not be the
    last."""

    conversions: list[ListedConversion]
    next: str | None = None


def find_newest(
    store: Store,
    site: SiteConfig,
    wanted: Wanted,
    known_parts: KnownParts,
    late: Callable[[], bool],
    takes: Callable[[ListedConversion], bool] | None = None,
) -> FoundConversions:
    """Find a page of conversions. It ends at its limit, at PAGE_BYTES, or at the end of a part once `late` is true.
    `takes`: a further filter."""
    found: list[ListedConversion] = []
    size = 0
    for step in newest_first(store, site, wanted, known_parts):
        if step.conversion and (takes is None or takes(step.conversion)):
            found.append(step.conversion)
            size += len(msgspec.json.encode(step.conversion))
        if len(found) == wanted.limit or size > PAGE_BYTES or (step.conversion is None and late()):
            return FoundConversions(found, write_position(step.position))
    return FoundConversions(found)


def newest_first(store: Store, site: SiteConfig, wanted: Wanted, known_parts: KnownParts) -> Iterator[Step]:
    """Go through the wanted conversions, those after the position `wanted.after`."""
    for until in range(min(wanted.until, _end(wanted)), wanted.since, -DAY_MS):
        since = max(until - DAY_MS, wanted.since)
        for bucket, index in sorted(known_parts(site.key, since, until), key=lambda place: (-place[0], place[1])):
            before = _before(wanted.after, bucket, index)
            if before is None or before <= START:
                continue
            yield from _of_part(store, site, wanted, bucket, site.parts.of(bucket)[index], before)
            yield Step(ListPosition(bucket, index, START))
        if since > wanted.since:
            yield Step(ListPosition(since, SLOTS - 1, START))


#: After the `order_key` of every conversion.
LAST: OrderKey = (1 << 62, "", "")


def _end(wanted: Wanted) -> int:
    """The instant (ms) before which the buckets begin that may have conversions after the position."""
    return wanted.after.bucket + 1 if wanted.after else wanted.until


def _before(after: ListPosition | None, bucket: int, index: int) -> OrderKey | None:
    """The list, newest first, still lacks those of the part's conversions whose `order_key` is smaller than this one.
    None if it lacks none."""
    if after is None or bucket < after.bucket:
        return LAST
    if index == after.part:
        return after.key
    return LAST if index > after.part else None


def _of_part(
    store: Store, site: SiteConfig, wanted: Wanted, bucket: int, part: Part, before: OrderKey
) -> Iterator[Step]:
    decided = decide_part(store, site, bucket, part, with_void=True)
    learnt = read_learnt(store, site, month_before(bucket, site)) if may_need_fits(decided.cases) else {}
    keyed = sorted(((order_key(case.verdict.winner), case) for case in decided.cases), key=_key, reverse=True)
    for key, case in keyed:
        if key < before and is_wanted(case, wanted):
            listed = list_case(site, case, decided.names, wanted.model, learnt)
            if not wanted.ads or any(one.ad in wanted.ads for one in listed.ads):
                yield Step(ListPosition(bucket, part.index, key), listed)


def _key(keyed: tuple[OrderKey, Case]) -> OrderKey:
    return keyed[0]


def is_wanted(case: Case, wanted: Wanted) -> bool:
    """Whether a case meets the filters, apart from that of ads."""
    verdict = case.verdict
    return (
        (not wanted.goals or verdict.goal.uid in wanted.goals)
        and wanted.counted in (None, case.reason is None)
        and (wanted.least is None or verdict.value >= wanted.least)
        and (wanted.most is None or verdict.value <= wanted.most)
    )
