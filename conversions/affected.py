"""Affected: which buckets a batch's facts may change. Facts already written -> buckets to mark.

When in doubt, more: it depends on no configuration, so no stale cache can leave a bucket out.
"""

from collections.abc import Iterable, Iterator, Sequence

from conversions.facts import Adjustment, Conversion, Fact, Touch
from conversions.store.port import FactReader, Span

FOR_EVER = 1 << 62


def affected(store: FactReader, site: str, facts: Sequence[Fact]) -> set[int]:
    """The buckets of the facts and of every conversion that they may change. Call it after the facts are written.

    A touch may change the conversions of its visitor that are not earlier, and whoever else claims the same. A
    conversion or an adjustment may change its whole claim. Where a goal counts one per person or per click, all that
    the claimants of what changed did later may change, too, whoever else claims that.
    """
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    changed = {fact.claim for fact in facts if not isinstance(fact, Touch)}
    reached = store.read_conversions(site, _since((touch.visitor, touch.at) for touch in touches)) if touches else []
    claims = changed | {row.claim for row in reached}
    rows = _claimed(store, site, claims)
    later = store.read_conversions(site, _since(_stirred(rows))) if rows else []
    others = _claimed(store, site, {row.claim for row in later} - claims)
    own = [fact.bucket for fact in facts if not isinstance(fact, Adjustment)]
    return {*own, *(row.bucket for row in [*rows, *later, *others])}


def _claimed(store: FactReader, site: str, claims: set[str]) -> list[Conversion]:
    """The conversions of claims."""
    rows = store.read_claims(site, sorted(claims)) if claims else []
    return [row for row in rows if isinstance(row, Conversion)]


def _stirred(rows: Sequence[Conversion]) -> Iterator[tuple[str, int]]:
    """Each claimant, from the earliest instant of the claim on: what it claimed itself may be a later copy."""
    earliest: dict[str, int] = {}
    for row in rows:
        earliest[row.claim] = min(earliest.get(row.claim, row.at), row.at)
    yield from ((row.visitor, earliest[row.claim]) for row in rows)


def _since(visits: Iterable[tuple[str, int]]) -> list[Span]:
    """One span a visitor, from the earliest of its instants on."""
    earliest: dict[str, int] = {}
    for visitor, at in visits:
        earliest[visitor] = min(earliest.get(visitor, at), at)
    return [Span(visitor, at, FOR_EVER) for visitor, at in earliest.items()]
