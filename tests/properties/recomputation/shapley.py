"""Shapley: what each ad of a path adds to the rate of conversions. Rules: `docs/models.md`, Data-driven models.

It uses the potential of Hart and Mas-Colell ("Potential, value, and consistency", 1989): an ad's Shapley value is the
potential of all ads, minus the potential without the ad.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache

from tests.properties.recomputation.names import Name, Path

Ads = frozenset[Name]
#: If a path has more ads than this, the product weighs campaigns. No world here has that many.
MOST_ADS = 12


def added(path: Path, sold: tuple[Path, ...], lost: tuple[Path, ...]) -> dict[Name, Fraction]:
    """Return what each ad of a path adds, at least 0. Ads that the month's paths don't have are left out."""
    ads, rates = frozenset(path), rates_of(sold, lost)
    seen = frozenset[Name]().union(*rates)
    potential = potential_of(rates)
    return {ad: max(potential(ads) - potential(ads - {ad}), Fraction(0)) for ad in ads & seen}


def rates_of(sold: tuple[Path, ...], lost: tuple[Path, ...]) -> dict[Ads, int]:
    """Return set of ads -> the part of its paths that converted, in units of 10^-18, rounded down."""
    converted, all_paths = Counter(map(frozenset, sold)), Counter(map(frozenset, (*sold, *lost)))
    assert all(len(ads) <= MOST_ADS for ads in all_paths)
    return {ads: 10**18 * converted[ads] // count for ads, count in all_paths.items() if ads}


def potential_of(rates: Mapping[Ads, int]) -> Callable[[Ads], Fraction]:
    """Return a function from a set of ads to its potential. This is the worth of the set, plus the potentials of the
    sets with one ad less, divided by the size of the set."""

    @cache
    def worth(ads: Ads) -> int:
        """Return the rate of a set of ads. A set without paths is worth as much as its best subset."""
        return rates[ads] if ads in rates else max((worth(ads - {ad}) for ad in ads), default=0)

    @cache
    def potential(ads: Ads) -> Fraction:
        return Fraction(worth(ads) + sum(potential(ads - {ad}) for ad in ads), len(ads)) if ads else Fraction(0)

    return potential
