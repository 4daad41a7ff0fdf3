"""Affected: which buckets a batch's facts may change. Facts already written -> buckets to mark.

When in doubt, more: it depends on no configuration, so no stale cache can leave a bucket out.
"""

from collections.abc import Iterable, Sequence

from conversions.facts import Adjustment, Conversion, Fact, Touch
from conversions.store.port import Span, Store

FOR_EVER = 1 << 62


def affected(store: Store, site: str, facts: Sequence[Fact]) -> set[int]:
    """The buckets of the facts and of every conversion that they may change. Call it after the facts are written.

    A touch may change the conversions of its visitor that are not earlier, and whoever else claims the same. A
    conversion or an adjustment may change its whole claim and, where a goal counts one per person, all that its
    claimants did later.
    """
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch)}
    reached = store.read_conversions(site, _since((touch.visitor, touch.at) for touch in touches)) if touches else []
    claims = changed | {row.claim for row in reached}
    rows = [row for row in store.read_claims(site, sorted(claims)) if isinstance(row, Conversion)] if claims else []
    stirred = [(row.visitor, row.at) for row in rows if row.claim in changed]
    later = store.read_conversions(site, _since(stirred)) if stirred else []
    own = [fact.bucket for fact in facts if not isinstance(fact, Adjustment)]
    return {*own, *(row.bucket for row in [*rows, *later])}


def _since(visits: Iterable[tuple[str, int]]) -> list[Span]:
    """One span a visitor, from the earliest of its instants on."""
    earliest: dict[str, int] = {}
    for visitor, at in visits:
        earliest[visitor] = min(earliest.get(visitor, at), at)
    return [Span(visitor, at, FOR_EVER) for visitor, at in earliest.items()]
