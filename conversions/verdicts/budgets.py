"""Budgets: verdicts -> the same verdicts, each with the number of touches that may be read for it. Pure.

A person's conversions in a part of a bucket share a budget. All those share it whose version is in force, also copies
and retracted ones. Of a version that is not in force any more, conversions are stored only if their hits came in time.
They must not change figures.
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

#: Bucket, part and person -> the person's conversions in the part.
Sizes = Mapping[tuple[int, int, str], int]
K = TypeVar("K")


class Budgets(msgspec.Struct, frozen=True):
    """How many conversions each person has in each part of a site's buckets."""

    parts: Parts
    sizes: Sizes

    def limited(self, verdicts: Mapping[K, Verdict]) -> dict[K, Verdict]:
        """Limit the touches of each verdict by the smallest budget of its claimants."""
        return {key: _limit(one, self._places(one)) for key, one in verdicts.items()}

    def _places(self, verdict: Verdict) -> int:
        part = part_of(verdict.winner, self.parts)
        return min(budget.places(self.sizes.get((*part, person), 0)) for person in verdict.claimants)


def part_of(row: Conversion, parts: Parts) -> tuple[int, int]:
    """The bucket and the part of a conversion."""
    return row.bucket, parts.part_of(place_of(row)).index


def budgets_of(people: People, site: SiteConfig, conversions: Iterable[Conversion | Joined]) -> Budgets:
    """Count conversions by person and part. `conversions`: all stored conversions of their parts. Call `people.meet`
    with them first. Joined rows are not counted."""
    parts, goals = site.parts, {goal.uid: goal for goal in site.goals}
    own = (
        row
        for row in conversions
        if isinstance(row, Conversion) and (goal := goals.get(row.goal)) and in_force(row, goal)
    )
    return Budgets(parts, Counter((*part_of(row, parts), people.of(row)) for row in own))


def read_budgets(people: People, site: SiteConfig, verdicts: Iterable[Verdict]) -> Budgets:
    """Read how many conversions the claimants of each verdict have in the part of its winner."""
    hours = {
        (one.winner.bucket, visitor) for one in verdicts for who in one.claimants for visitor in people.visitors(who)
    }
    rows = people.read_conversions([Span(visitor, hour, hour + HOUR_MS) for hour, visitor in sorted(hours)])
    rows = list(dict.fromkeys(rows))
    people.meet(row for row in rows if isinstance(row, Conversion))
    return budgets_of(people, site, rows)


def for_its_click(verdict: Verdict) -> Verdict:
    """Limit the verdict to the touches among which the click that led to the conversion is looked for. Unlike a budget,
    this limit doesn't depend on other conversions."""
    return _limit(verdict, budget.LATEST)


def _limit(verdict: Verdict, limit: int) -> Verdict:
    return msgspec.structs.replace(verdict, limit=limit)
