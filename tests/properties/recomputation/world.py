"""World: the facts of all hits, by type. Rules: `docs/models.md`, Facts."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.properties.recomputation.budget import Budget, Places, places_of
from tests.properties.recomputation.consent import respected
from tests.properties.recomputation.facts import facts_of
from tests.properties.recomputation.joining import Brought, brought_by
from tests.properties.recomputation.persons import Whose, persons
from tests.properties.recomputation.rates import Table
from tests.properties.recomputation.records import Adjustment, Conversion, Hit, Link, Plain, Site, Touch, read


@dataclass(frozen=True)
class World:
    """A site, its exchange rates, and the facts of all hits. Of equal copies of a fact, one is kept."""

    site: Site
    table: Table
    touches: list[Touch]
    conversions: list[Conversion]
    adjustments: list[Adjustment]
    whose: Whose
    brought: Brought
    places: Places
    bounds: "Bounds"


@dataclass(frozen=True)
class Bounds:
    """The limits of a world.

    A user with more than `most_visitors` is no person, and a visitor with more than `most_users` has no user. A click
    may be at most `reach` (ms) older than a conversion that names it. A click id that more than `most_naming`
    conversions name joins nobody. An hour, and each part of it, names `most_names` unconfigured ads. `budget`: how many
    touches a person's conversions share.
    """

    most_visitors: int
    most_users: int
    most_naming: int
    reach: int
    most_names: int
    budget: Budget


USUAL = Bounds(500, 50, 200, 90 * 86_400_000, 1_000, Budget())


def world_of(hits: Iterable[Plain], site: Site, table: Table, bounds: Bounds, salt: bytes) -> World:
    """Make the world of these hits."""
    facts = {fact for plain in hits for fact in facts_of(respected(read(Hit, plain), salt), site)}
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    conversions = [fact for fact in facts if isinstance(fact, Conversion)]
    adjustments = [fact for fact in facts if isinstance(fact, Adjustment)]
    whose = persons((fact for fact in facts if isinstance(fact, Link)), bounds.most_visitors, bounds.most_users)
    brought = brought_by(touches, conversions, bounds.reach, bounds.most_naming)
    places = places_of(conversions, whose, site, bounds.budget)
    return World(site, table, touches, conversions, adjustments, whose, brought, places, bounds)
