"""Budget: how many touches of each kind a conversion looks at. Rules: `docs/models.md`, What one person may cost."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.properties.recomputation.claims import Claim
from tests.properties.recomputation.hours import hour_of
from tests.properties.recomputation.parts import Part, claim_key, part_of
from tests.properties.recomputation.persons import Whose
from tests.properties.recomputation.records import Conversion, Site

Places = Callable[[Claim], int]


@dataclass(frozen=True)
class Budget:
    """The limits that the documents name. Tests use smaller ones."""

    places: int = 20_000
    least: int = 20
    elsewhere: int = 100
    latest: int = 50


def places_of(conversions: Iterable[Conversion], whose: Whose, site: Site, budget: Budget) -> Places:
    """Return a function from a claim to its number of touches. Each claimant's budget is divided by the number of the
    claimant's conversions in the same part of the hour. The smallest of these shares counts."""

    def part(row: Conversion) -> Part:
        return part_of(claim_key(row), hour_of(row.at, site.timezone), site.steps)

    sizes = Counter((part(row), whose(row)) for row in conversions)

    def places(claim: Claim) -> int:
        mine = part(claim.winner)
        most = max(sizes.get((mine, one), budget.elsewhere) for one in claim.claimants(whose))
        return max(budget.places // most, budget.least)

    return places
