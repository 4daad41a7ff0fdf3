"""Sales: the conversions that count. Rules: `docs/models.md`, What counts."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.properties.recomputation.budget import Places
from tests.properties.recomputation.claims import Claim, is_believed, is_retracted
from tests.properties.recomputation.paths import click_of, path_of
from tests.properties.recomputation.persons import Whose
from tests.properties.recomputation.records import Touch


@dataclass(frozen=True)
class Sale:
    """A conversion that isn't retracted, with its claimants, its path and the click that brought it."""

    claim: Claim
    claimants: frozenset[str]
    path: tuple[Touch, ...]
    click: tuple[str, ...] | None


def counted(claims: Iterable[Claim], touches: list[Touch], whose: Whose, places: Places, latest: int) -> list[Sale]:
    """Return the sales of a goal that count, in order. Only the `latest` clicks are considered for a sale's click."""
    standing = [
        sale_of(claim, touches, whose, places(claim), latest)
        for claim in claims
        if is_believed(claim) and not is_retracted(claim)
    ]
    return [sale for n, sale in enumerate(standing) if counts(sale, standing[:n])]


def sale_of(claim: Claim, touches: list[Touch], whose: Whose, places: int, latest: int) -> Sale:
    """Make the sale of a claim."""
    path, last = path_of(claim, touches, whose, places), path_of(claim, touches, whose, latest)
    return Sale(claim, claim.claimants(whose), tuple(path), click_of(last, whose))


def counts(sale: Sale, earlier: list[Sale]) -> bool:
    """Whether a sale counts. Rule `once`: no earlier sale shares a claimant. Rule `click`: no earlier sale has the same
    click."""
    counting = sale.claim.version.counting
    if counting == "once":
        return all(sale.claimants.isdisjoint(other.claimants) for other in earlier)
    return counting == "every" or sale.click is None or all(sale.click != other.click for other in earlier)
