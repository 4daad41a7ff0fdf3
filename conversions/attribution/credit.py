"""Credit: the touches of one conversion -> each touch's share of it, by model. Pure.

A model is a function. In: the ages of the touches at the conversion (ms, oldest touch first) and the site's terms. Out:
one whole-number weight per touch. To add a model, write its function and name it in BY_AGE. The models in LEARNED weigh
by what the paths of the month before taught: `conversions.attribution.fit`.
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal

from conversions.rules.terms import Terms

#: One conversion, in micros.
ONE = 1_000_000


Model = Callable[[Sequence[int], Terms], list[int]]


def last(ages: Sequence[int], _terms: Terms) -> list[int]:
    """All to the last touch."""
    return [0] * (len(ages) - 1) + [1]


def first(ages: Sequence[int], _terms: Terms) -> list[int]:
    """All to the first touch."""
    return [1] + [0] * (len(ages) - 1)


def linear(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The same to each touch."""
    return [1] * len(ages)


#: Decimal rounds exp and ln correctly, so weights are the same on every machine. Floats would differ.
DECAY = Context(prec=25)
LN_2 = DECAY.ln(2)
#: The newest touch weighs 1, with this many decimal places.
DECAY_PLACES = 18


def time_decay(ages: Sequence[int], terms: Terms) -> list[int]:
    """A touch weighs 2^(-age / half-life): half as much as one that is a half-life newer.

    Formula: exponential decay as in Google Analytics' time decay model, whose half-life is 7 days. Ages are counted
    from the newest touch, which doesn't change the proportions. Weights are cut after 18 places.
    """
    newest = ages[-1]
    return [_halved(age - newest, terms.half_life) for age in ages]


def _halved(age: int, half_life: int) -> int:
    if not age:
        return int(10**DECAY_PLACES)
    power = DECAY.divide(DECAY.multiply(Decimal(-age), LN_2), Decimal(half_life))
    return int(DECAY.scaleb(DECAY.exp(power), DECAY_PLACES))


def position(ages: Sequence[int], terms: Terms) -> list[int]:
    """The first touch gets 40 %, the last 40 %, those between share 20 %; or as the site says.

    Formula: Google Analytics' position based (U-shaped) model. One touch gets all. Two touches
    share by the percents of first and last, which is 50 to 50 by default.
    """
    if len(ages) == 1:
        return [1]
    between, first, last = len(ages) - 2, terms.position_first, terms.position_last
    if between:
        return [first * between, *[100 - first - last] * between, last * between]
    return [first, last] if first + last else [1, 1]


BY_AGE: dict[str, Model] = {
    "last": last,
    "first": first,
    "linear": linear,
    "time_decay": time_decay,
    "position": position,
}
LEARNED = ("markov", "shapley")
#: Every model, in the order in which people are offered them.
MODELS = (*BY_AGE, *LEARNED)


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
