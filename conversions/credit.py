"""The models: the touches of one conversion -> each touch's share of it. Pure.

A model is one function from the touches' ages at the conversion (ms, oldest touch first, so descending) to as many
whole-number weights; adding one is writing that function and naming it in MODELS.
"""

from collections.abc import Callable, Sequence

#: One conversion, in micros.
ONE = 1_000_000

Model = Callable[[Sequence[int]], list[int]]


def last(ages: Sequence[int]) -> list[int]:
    """All to the last touch."""
    return [0] * (len(ages) - 1) + [1]


def first(ages: Sequence[int]) -> list[int]:
    """All to the first touch."""
    return [1] + [0] * (len(ages) - 1)


def linear(ages: Sequence[int]) -> list[int]:
    """The same to each touch."""
    return [1] * len(ages)


MODELS: dict[str, Model] = {"last": last, "first": first, "linear": linear}


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount divided in proportion to weights, exact to the last unit, by largest remainder (Hamilton's method).

    Ties go to the earlier position. A negative amount is divided like its opposite. Weights: not negative, not all 0.
    """
    total = sum(weights)
    sign = -1 if amount < 0 else 1
    parts, remainders = [0] * len(weights), []
    for place, weight in enumerate(weights):
        if weight:
            parts[place], remainder = divmod(abs(amount) * weight, total)
            remainders.append((-remainder, place))
    left = abs(amount) - sum(parts)
    for _, place in sorted(remainders)[:left] if left else ():
        parts[place] += 1
    return [sign * part for part in parts]
