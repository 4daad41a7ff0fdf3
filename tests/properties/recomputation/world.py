"""World: the facts of all hits by their type. Rules: `docs/models.md`, Facts."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.properties.recomputation.facts import facts_of
from tests.properties.recomputation.persons import Whose, persons
from tests.properties.recomputation.rates import Table
from tests.properties.recomputation.records import Adjustment, Conversion, Hit, Link, Plain, Site, Touch, read


@dataclass(frozen=True)
class World:
    """A site, its exchange rates, and the facts of all hits, each distinct copy once."""

    site: Site
    table: Table
    touches: list[Touch]
    conversions: list[Conversion]
    adjustments: list[Adjustment]
    whose: Whose


def world_of(hits: Iterable[Plain], site: Site, table: Table, most_visitors: int, most_users: int) -> World:
    """The facts of all hits by their type, each distinct copy once."""
    facts = {fact for plain in hits for fact in facts_of(read(Hit, plain), site)}
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    conversions = [fact for fact in facts if isinstance(fact, Conversion)]
    adjustments = [fact for fact in facts if isinstance(fact, Adjustment)]
    whose = persons((fact for fact in facts if isinstance(fact, Link)), most_visitors, most_users)
    return World(site, table, touches, conversions, adjustments, whose)
