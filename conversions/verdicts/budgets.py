"""Budgets: limits how many touches are read for each conversion, so that one person can't cause unlimited work. Pure.

If a person has many conversions in one part of an hour, fewer touches are read for each. All stored conversions that
met a version of a goal in force are included in this number, also duplicates and retracted conversions. Other stored
conversions are not included: whether they are stored depends on when their hits came, and figures must not depend on
that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from conversions.facts.records import Conversion, Joined
from conversions.facts.slots import place_of
from conversions.rules import budget
from conversions.rules.parts import Parts
from conversions.rules.site import SiteConfig
from conversions.store.port import Span
from conversions.units.clock import HOUR_MS
from conversions.verdicts.claims import Verdict, in_force
from conversions.verdicts.people import People

#: (bucket, index of the part, person) -> how many conversions the person has there.
Sizes = Mapping[tuple[int, int, str], int]
K = TypeVar("K")


class Budgets(msgspec.Struct, frozen=True):
    """How many conversions each person has in each part of a site's buckets. If a person has many, fewer touches are
    read for each of them."""

    parts: Parts
    sizes: Sizes

    def limited(self, verdicts: Mapping[K, Verdict]) -> dict[K, Verdict]:
        """Return the verdicts, each with its `limit`: how many touches may be read for the conversion. If a verdict has
        several claimants, the claimant with the most conversions decides."""
        return {key: _limit(one, self._places(one)) for key, one in verdicts.items()}

    def _places(self, verdict: Verdict) -> int:
        part = part_of(verdict.winner, self.parts)
        return min(budget.touches_each(self.sizes.get((*part, person), 0)) for person in verdict.claimants)


def part_of(row: Conversion, parts: Parts) -> tuple[int, int]:
    """Return the part of an hour to which a conversion belongs, as (bucket, index of the part)."""
    return row.bucket, parts.part_of(place_of(row)).index


def budgets_of(people: People, site: SiteConfig, conversions: Iterable[Conversion | Joined]) -> Budgets:
    """Count the conversions of each person in each part.

    `conversions`: all stored conversions of the parts. Joined rows may be among them, and are ignored. Call
    `people.read_links_of` with the conversions first.
    """
    parts, goals = site.parts, {goal.uid: goal for goal in site.goals}
    own = (
        row
        for row in conversions
        if isinstance(row, Conversion) and (goal := goals.get(row.goal)) and in_force(row, goal)
    )
    return Budgets(parts, Counter((*part_of(row, parts), people.of(row)) for row in own))


def read_budgets(people: People, site: SiteConfig, verdicts: Iterable[Verdict]) -> Budgets:
    """Read how many conversions the claimants of each verdict have in the part of an hour to which the verdict's
    conversion belongs."""
    hours = {
        (one.winner.bucket, visitor) for one in verdicts for who in one.claimants for visitor in people.visitors(who)
    }
    rows = people.read_conversions([Span(visitor, hour, hour + HOUR_MS) for hour, visitor in sorted(hours)])
    rows = list(dict.fromkeys(rows))
    people.read_links_of(row for row in rows if isinstance(row, Conversion))
    return budgets_of(people, site, rows)


def limited_for_click(verdict: Verdict) -> Verdict:
    """Return a copy of a verdict with `limit` CLICKS_SEARCHED: the click that led to its conversion is searched among
    this many of the newest clicks. This limit doesn't depend on how many conversions the person has."""
    return _limit(verdict, budget.CLICKS_SEARCHED)


def _limit(verdict: Verdict, limit: int) -> Verdict:
    return msgspec.structs.replace(verdict, limit=limit)
