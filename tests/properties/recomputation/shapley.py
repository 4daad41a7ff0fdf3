"""Shapley: what each ad of a path adds to the rate of conversions. Rules: `docs/models.md`, Data-driven models.

By the potential of Hart and Mas-Colell ("Potential, value, and consistency", 1989): an ad's Shapley value is what the
potential of all loses without it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache

from tests.properties.recomputation.names import Name, Path

Ads = frozenset[Name]
#: Of more ads than these a path's campaigns are weighed, which no world here comes to.
MOST_ADS = 12


def added(path: Path, sold: tuple[Path, ...], lost: tuple[Path, ...]) -> dict[Name, Fraction]:
    """What each ad of a path adds, less than nothing being nothing; without those that the month didn't see."""
    ads, rates = frozenset(path), rates_of(sold, lost)
    seen = frozenset[Name]().union(*rates)
    potential = potential_of(rates)
    return {ad: max(potential(ads) - potential(ads - {ad}), Fraction(0)) for ad in ads & seen}


def rates_of(sold: tuple[Path, ...], lost: tuple[Path, ...]) -> dict[Ads, int]:
    """Of each set of ads, the part of its paths that converted, in whole 10^-18."""
    converted, all_paths = Counter(map(frozenset, sold)), Counter(map(frozenset, (*sold, *lost)))
    assert all(len(ads) <= MOST_ADS for ads in all_paths)
    return {ads: 10**18 * converted[ads] // count for ads, count in all_paths.items() if ads}


def potential_of(rates: Mapping[Ads, int]) -> Callable[[Ads], Fraction]:
    """The potential of a set: what it is worth and the potentials of the sets with one less, over its size."""

    @cache
    def worth(ads: Ads) -> int:
        """A set that no path had is worth what its best part is."""
        return rates[ads] if ads in rates else max((worth(ads - {ad}) for ad in ads), default=0)

    @cache
    def potential(ads: Ads) -> Fraction:
        return Fraction(worth(ads) + sum(potential(ads - {ad}) for ad in ads), len(ads)) if ads else Fraction(0)

    return potential
