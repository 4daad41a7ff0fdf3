"""Markov: the removal effect of each ad, by taking it away. Rules: `docs/models.md`, Data-driven models."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, product

from tests.properties.recomputation.names import Name, Path

#: Where paths begin and end. No ad has a campaign of that name.
START, SOLD, LOST = Name("start", "\0"), Name("sold", "\0"), Name("lost", "\0")
Steps = Mapping[tuple[Name, Name], Fraction]


@lru_cache(maxsize=64)
def removal_effects(sold: tuple[Path, ...], lost: tuple[Path, ...]) -> Mapping[Name, int]:
    """Of each ad, the part of conversions that would go missing without it, in billionths, half of one up."""
    chances = chances_of([*((START, *path, SOLD) for path in sold), *((START, *path, LOST) for path in lost)])
    ads = {ad for path in (*sold, *lost) for ad in path}
    whole = chance_of_sale(chances, ads)
    parts = {ad: chance_of_sale(without(ad, chances), ads - {ad}) / whole for ad in ads}
    return {ad: int((1 - part) * 10**9 + Fraction(1, 2)) for ad, part in parts.items()}


def chances_of(paths: Iterable[Path]) -> Steps:
    """How likely each step is: how often paths went it, over how often they left where it begins."""
    counts = Counter(step for path in paths if len(path) > 2 for step in pairwise(path) if step[0] != step[1])
    leaving: Counter[Name] = Counter()
    for (origin, _), count in counts.items():
        leaving[origin] += count
    return {(origin, target): Fraction(count, leaving[origin]) for (origin, target), count in counts.items()}


def without(ad: Name, chances: Steps) -> Steps:
    """The chain without an ad: who would go to it is lost."""
    return {step: chance for step, chance in chances.items() if ad not in step}


def chance_of_sale(chances: Steps, ads: Iterable[Name]) -> Fraction:
    """The chance of going from the start to a sale: ads are passed over one by one until that is the only step."""
    for ad in ads:
        chances = passed_over(ad, chances)
    return chances.get((START, SOLD), Fraction(0))


def passed_over(ad: Name, chances: Steps) -> Steps:
    """The chain with each way over an ad as one step, however often that way returns to it."""
    stays = chances.get((ad, ad), Fraction(0))
    into = {origin: chance for (origin, target), chance in chances.items() if target == ad != origin}
    out = {target: chance / (1 - stays) for (origin, target), chance in chances.items() if origin == ad != target}
    joined = dict(without(ad, chances))
    for (origin, first), (target, second) in product(into.items(), out.items()):
        joined[origin, target] = joined.get((origin, target), Fraction(0)) + first * second
    return joined
