"""Credit: the touches of one conversion -> each touch's share of it, by model. Pure.

A model in BY_AGE is a function. It takes the ages of the touches at the time of the conversion (ms, oldest touch first)
and the site's terms. It returns a weight for each touch, a whole number. To add such a model, write its function and
name it in BY_AGE. The models in LEARNED weigh touches by the fit of the month before: see
`conversions.attribution.fit`.
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal

from conversions.rules.terms import Terms

#: One conversion, in micros.
ONE = 1_000_000


Model = Callable[[Sequence[int], Terms], list[int]]


def last(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The last touch gets all."""
    return [0] * (len(ages) - 1) + [1]


def first(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The first touch gets all."""
    return [1] + [0] * (len(ages) - 1)


def linear(ages: Sequence[int], _terms: Terms) -> list[int]:
    """Every touch gets the same."""
    return [1] * len(ages)


#: The arithmetic of time decay. Decimal rounds exp and ln correctly. Therefore weights are the same on every machine.
#: With floats they would differ.
DECAY = Context(prec=25)
LN_2 = DECAY.ln(2)
#: Decimal places of a weight. The newest touch weighs 1.
DECAY_PLACES = 18


def time_decay(ages: Sequence[int], terms: Terms) -> list[int]:
    """A touch weighs 2^(-age / half-life): half as much as a touch that is one half-life newer.

    Formula: exponential decay as in Google Analytics' time decay model, whose half-life is 7 days. Ages are counted
    from the newest touch. This doesn't change the proportions of the weights. Weights are cut after 18 decimal places.
    """
    newest = ages[-1]
    return [_halved(age - newest, terms.half_life) for age in ages]


def _halved(age: int, half_life: int) -> int:
    if not age:
        return int(10**DECAY_PLACES)
    power = DECAY.divide(DECAY.multiply(Decimal(-age), LN_2), Decimal(half_life))
    return int(DECAY.scaleb(DECAY.exp(power), DECAY_PLACES))


def position(ages: Sequence[int], terms: Terms) -> list[int]:
    """The first touch gets 40 %, the last 40 %, and those between share 20 %. A site may choose other percents.

    Formula: Google Analytics' position based (U-shaped) model. A single touch gets all. Two touches share all in the
    proportion of the percents of first and last: by default each gets half.
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
#: All models, in the order in which pages offer them.
MODELS = (*BY_AGE, *LEARNED)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights, exact to the last unit, by largest remainder (Hamilton's method).

    Of equal remainders the earlier position wins. The parts of a negative amount are the opposites of the parts of the
    positive amount. No weight may be negative, and at least one must be above 0.
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
