"""Learning: what the data-driven models learn from a goal's month, and the weights that they give.

Rules: `docs/models.md`, Data-driven models. Worlds here are far below the limits named there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.properties.recomputation.hours import hour_of, month_of
from tests.properties.recomputation.markov import removal_effects
from tests.properties.recomputation.names import Name, Path, name_of
from tests.properties.recomputation.order import once_each
from tests.properties.recomputation.parts import click_key
from tests.properties.recomputation.paths import unbeaten
from tests.properties.recomputation.persons import Whose
from tests.properties.recomputation.records import Ad, Site, Touch
from tests.properties.recomputation.sales import Sale
from tests.properties.recomputation.shapley import added


@dataclass(frozen=True)
class Lesson:
    """The paths of a goal's month: those that led to a conversion, and those of persons without one."""

    sold: tuple[Path, ...]
    lost: tuple[Path, ...]


def lesson(month: str, sales: Iterable[Sale], touches: Iterable[Touch], whose: Whose, site: Site) -> Lesson:
    """Return the paths of a month for the goal that has these sales."""
    mine = [sale for sale in sales if month_of(sale.claim.winner.at, site.timezone) == month]
    buyers = {claimant for sale in mine for claimant in sale.claimants}
    others = journeys([touch for touch in touches if month_of(touch.at, site.timezone) == month], whose, site)
    return Lesson(
        tuple(named(sale.path, site.ads) for sale in mine),
        tuple(named(path, site.ads) for person, path in others.items() if person not in buyers),
    )


def journeys(touches: Iterable[Touch], whose: Whose, site: Site) -> dict[str, list[Touch]]:
    """Return each person's clicks; or its views, if it has no clicks."""
    found: dict[str, list[Touch]] = defaultdict(list)
    for touch in without_stand_ins(touches, site):
        found[whose(touch)].append(touch)
    return {person: unbeaten(once_each(some)) for person, some in found.items()}


def without_stand_ins(touches: Iterable[Touch], site: Site) -> list[Touch]:
    """Return the touches without clicks that a landing page recorded again under the real visitor."""
    known = list(touches)
    landed = {(click_key(touch), hour_of(touch.at, site.timezone)) for touch in known if touch.landed}
    return [one for one in known if one.landed or (click_key(one), hour_of(one.at, site.timezone)) not in landed]


def named(path: Iterable[Touch], ads: Iterable[Ad]) -> Path:
    """Return the ads of a path, under the present match rules."""
    return tuple(name_of(touch, ads) for touch in path)


def learnt_weights(path: Sequence[Touch], taught: Lesson, site: Site) -> dict[str, list[Fraction]]:
    """Return model -> weights of a path's touches. If no path with a touch converted, all weights are equal."""
    mine = named(path, site.ads)
    if not any(taught.sold):
        return dict.fromkeys(("markov", "shapley"), [Fraction(1)] * len(mine))
    removal = removal_effects(taught.sold, taught.lost)
    return {"markov": shared(mine, removal), "shapley": shared(mine, added(mine, taught.sold, taught.lost))}


def shared(path: Path, worth: Mapping[Name, int] | Mapping[Name, Fraction]) -> list[Fraction]:
    """Divide each ad's worth among its touches. An ad of unknown worth gets the mean of the others. If no ad has worth,
    all touches get the same."""
    known = [worth[ad] for ad in set(path) if ad in worth]
    mean = Fraction(sum(known)) / len(known) if sum(known) else None
    times = Counter(path)
    return [Fraction(1 if mean is None else worth.get(ad, mean)) / times[ad] for ad in path]
