"""Credit: the weights of a path's touches by age, and the division of an amount. Rules: `docs/models.md`, Credit."""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from tests.properties.recomputation.records import Site

#: One conversion, in micros.
ONE = 1_000_000
#: Enough digits for any value in micros.
PRECISE = Context(prec=60)
Weights = Sequence[Fraction | int]


def by_last(ages: Sequence[int], _site: Site) -> Weights:
    """Return weights by which the last touch gets everything."""
    return [0] * (len(ages) - 1) + [1]


def by_first(ages: Sequence[int], _site: Site) -> Weights:
    """Return weights by which the first touch gets everything."""
    return [1] + [0] * (len(ages) - 1)


def by_number(ages: Sequence[int], _site: Site) -> Weights:
    """Return weights by which every touch gets the same."""
    return [1] * len(ages)


def by_decay(ages: Sequence[int], site: Site) -> Weights:
    """Return weights by which a touch gets half as much as one that is a half-life newer."""
    return [Fraction(PRECISE.power(2, Decimal(-age) / site.half_life)) for age in ages]


def by_position(ages: Sequence[int], site: Site) -> Weights:
    """Return weights by which the first and the last touch get their percents, and the others share the rest. Two
    touches share in the ratio of first to last."""
    first, last, between = site.position_first, site.position_last, len(ages) - 2
    if between > 0:
        return [first, *[Fraction(100 - first - last, between)] * between, last]
    return [first, last] if between == 0 and first + last else [1] * len(ages)


#: Model -> function from the ages (ms) of the touches, in order, to their weights. Data-driven models are in
#: `learning.py`.
BY_AGE: dict[str, Callable[[Sequence[int], Site], Weights]] = {
    "last": by_last,
    "first": by_first,
    "linear": by_number,
    "time_decay": by_decay,
    "position": by_position,
}


def divide(amount: int, weights: Weights) -> list[int]:
    """Divide an amount by largest remainder: shares are rounded down, then the largest remainders get one micro each.

    Of equal remainders the earlier touch comes first. A negative amount is divided like its absolute value.
    """
    exact = [Fraction(abs(amount) * weight) / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (parts[n] - exact[n], n))
    for n in by_remainder[: abs(amount) - sum(parts)]:
        parts[n] += 1
    return [-part if amount < 0 else part for part in parts]
