"""Markov: the removal effect of each ad (what would be lost without it). Rules: `docs/models.md`, Data-driven
models."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, product

from tests.properties.recomputation.names import Name, Path

#: The states at which paths begin and end. No ad has a campaign of this name.
START, SOLD, LOST = Name("start", "\0"), Name("sold", "\0"), Name("lost", "\0")
Steps = Mapping[tuple[Name, Name], Fraction]


@lru_cache(maxsize=64)
def removal_effects(sold: tuple[Path, ...], lost: tuple[Path, ...]) -> Mapping[Name, int]:
    """Return ad -> the part of conversions that would be lost without it, in billionths, half rounded up."""
    chances = chances_of([*((START, *path, SOLD) for path in sold), *((START, *path, LOST) for path in lost)])
    ads = {ad for path in (*sold, *lost) for ad in path}
    whole = chance_of_sale(chances, ads)
    parts = {ad: chance_of_sale(without(ad, chances), ads - {ad}) / whole for ad in ads}
    return {ad: int((1 - part) * 10**9 + Fraction(1, 2)) for ad, part in parts.items()}


def chances_of(paths: Iterable[Path]) -> Steps:
    """Return the probability of each step: how often paths took it, divided by how often they left its origin."""
    counts = Counter(step for path in paths if len(path) > 2 for step in pairwise(path) if step[0] != step[1])
    leaving: Counter[Name] = Counter()
    for (origin, _), count in counts.items():
        leaving[origin] += count
    return {(origin, target): Fraction(count, leaving[origin]) for (origin, target), count in counts.items()}


def without(ad: Name, chances: Steps) -> Steps:
    """Return the chain without an ad. A path that would go to the ad is lost."""
    return {step: chance for step, chance in chances.items() if ad not in step}


def chance_of_sale(chances: Steps, ads: Iterable[Name]) -> Fraction:
    """Return the probability of a sale from the start, by eliminating the ads one by one."""
    for ad in ads:
        chances = eliminated(ad, chances)
    return chances.get((START, SOLD), Fraction(0))


def eliminated(ad: Name, chances: Steps) -> Steps:
    """Return the chain without an ad, with direct steps for all paths through it, however often they return to it."""
    stays = chances.get((ad, ad), Fraction(0))
    into = {origin: chance for (origin, target), chance in chances.items() if target == ad != origin}
    out = {target: chance / (1 - stays) for (origin, target), chance in chances.items() if origin == ad != target}
    joined = dict(without(ad, chances))
    for (origin, first), (target, second) in product(into.items(), out.items()):
        joined[origin, target] = joined.get((origin, target), Fraction(0)) + first * second
    return joined
