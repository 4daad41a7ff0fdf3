"""Reach: finds what the new facts of a batch may change in a site, after the facts are written. It also joins
conversions with the clicks that they name."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from conversions.facts.records import Adjustment, Conversion, Fact, Touch
from conversions.facts.rejected import RejectedHit
from conversions.marks.affected import MOST_A_BATCH, MOST_A_FACT, ConversionReader, affected
from conversions.rules.parts import Place
from conversions.store.linked import newly_crowded
from conversions.store.port import Store
from conversions.verdicts.joined import join
from conversions.verdicts.people import People

logger = logging.getLogger(__name__)


class Reach(msgspec.Struct, frozen=True):
    """What new facts may change in a site. `places`: the places (bucket and slot) whose figures must be made again.
    `frozen`: affected places that are too old to change.

    `since`: None if the places are complete. Otherwise an instant (ms): there was too much to read, and the bucket that
    contains this instant and all later buckets may change as well. `crowded`: the linked sets that became too large, as
    key -> members. Once the places are marked, the caller notes these sets as crowded with `Store.announce`.
    """

    site: str
    places: frozenset[Place]
    frozen: frozenset[Place]
    since: int | None
    crowded: Mapping[str, frozenset[str]]


def reach_of(store: Store, site: str, facts: Sequence[Fact], limit: int) -> Reach:
    """Return what a site's new facts may change. Joined rows are also stored. `limit`: an instant (ms); earlier buckets
    are frozen (too old to change)."""
    people = People(store, site)
    if people.has_named and (joined := join(store, site, facts)):
        store.add_facts(joined)
        facts, people = [*facts, *joined], People(store, site)
    crowded = newly_crowded(store, site, facts)
    found = affected(store, site, facts, crowded, limit, people)
    frozen = frozenset(place for place in found.places if place[0] < limit)
    if frozen:
        logger.warning("site %s: %d frozen buckets were not marked", site, len({bucket for bucket, _ in frozen}))
    since = None if found.since is None else max(found.since, limit)
    if since is not None:
        logger.warning("site %s: too many conversions may change; all buckets since %d are marked", site, since)
    return Reach(site, found.places - frozen, frozen, since, crowded)


def late_facts(store: Store, site: str, facts: Sequence[Fact], limit: int) -> list[Fact]:
    """Return the facts that come too late: touches and conversions in buckets that are too old to change, and
    adjustments of conversions in such buckets. `limit`: the instant (ms) before which buckets are too old."""
    adjusted = {fact.claim for fact in facts if isinstance(fact, Adjustment)}
    rows = ConversionReader(store, site, MOST_A_BATCH + MOST_A_FACT * len(facts)).claimed(adjusted, 0)
    frozen = {row.claim for row in rows if row.bucket < limit}
    return [
        fact
        for fact in facts
        if (isinstance(fact, Touch | Conversion) and fact.bucket < limit)
        or (isinstance(fact, Adjustment) and fact.claim in frozen)
    ]


def too_late(fact: Fact) -> RejectedHit:
    """Make the rejected hit of a fact that came too late, as `/api/rejected` shows it."""
    return RejectedHit(
        site=fact.site,
        at=fact.at,
        hit=fact.hit,
        code="frozen",
        detail="Its bucket is older than the retention allows to change.",
        batch=fact.batch,
    )
