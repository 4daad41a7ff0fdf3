"""Credit: what a path's touches weigh by their ages, and how an amount is divided. Rules: `docs/models.md`, Credit."""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from tests.properties.recomputation.records import Site

#: One conversion, in micros.
ONE = 1_000_000
#: Far more places than a micro of any value.
PRECISE = Context(prec=60)
Weights = Sequence[Fraction | int]


def by_last(ages: Sequence[int], _site: Site) -> Weights:
    """The last touch all."""
    return [0] * (len(ages) - 1) + [1]


def by_first(ages: Sequence[int], _site: Site) -> Weights:
    """The first touch all."""
    return [1] + [0] * (len(ages) - 1)


def by_number(ages: Sequence[int], _site: Site) -> Weights:
    """Every touch the same."""
    return [1] * len(ages)


def by_decay(ages: Sequence[int], site: Site) -> Weights:
    """Half as much as a touch that is one half-life newer."""
    return [Fraction(PRECISE.power(2, Decimal(-age) / site.half_life)) for age in ages]


def by_position(ages: Sequence[int], site: Site) -> Weights:
    """The first and the last their percents, those between share the rest; two share as first is to last."""
    first, last, between = site.position_first, site.position_last, len(ages) - 2
    if between > 0:
        return [first, *[Fraction(100 - first - last, between)] * between, last]
    return [first, last] if between == 0 and first + last else [1] * len(ages)


#: By model, weights from the ages (ms) of the touches in their order. The models that learn are in `learning.py`.
BY_AGE: dict[str, Callable[[Sequence[int], Site], Weights]] = {
    "last": by_last,
    "first": by_first,
    "linear": by_number,
    "time_decay": by_decay,
    "position": by_position,
}


def divide(amount: int, weights: Weights) -> list[int]:
    """Largest remainder: all get what is whole of their part, and those who lack most a micro more, the earlier first.

    An amount below zero is divided as its opposite is.
    """
    exact = [Fraction(abs(amount) * weight) / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (parts[n] - exact[n], n))
    for n in by_remainder[: abs(amount) - sum(parts)]:
        parts[n] += 1
    return [-part if amount < 0 else part for part in parts]
