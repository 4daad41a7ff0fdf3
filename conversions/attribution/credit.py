"""Credit: divides a conversion among the touches of its path by simple models: last, first, linear, and others. Pure.

A model in BY_AGE is a function from the ages of the touches to their weights, which are whole numbers. The age of a
touch is the time (ms) from the touch to the conversion. The oldest touch comes first. A new model needs a function and
a row in BY_AGE. The models in LEARNED learn from the month before: see `conversions.attribution.fit`.
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal

from conversions.rules.terms import Terms

#: One whole conversion, in micros.
ONE = 1_000_000


Model = Callable[[Sequence[int], Terms], list[int]]


def last(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The model `last`: the last touch gets everything."""
    return [0] * (len(ages) - 1) + [1]


def first(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The model `first`: the first touch gets everything."""
    return [1] + [0] * (len(ages) - 1)


def linear(ages: Sequence[int], _terms: Terms) -> list[int]:
    """The model `linear`: all touches get the same."""
    return [1] * len(ages)


#: The arithmetic of time decay. Decimal gives the same results on every machine. Floats would not.
DECAY = Context(prec=25)
LN_2 = DECAY.ln(2)
#: The decimal places of a weight. The newest touch has the weight 1.
DECAY_PLACES = 18


def time_decay(ages: Sequence[int], terms: Terms) -> list[int]:
    """The model `time_decay`: a touch has the weight 2^(-age / half-life). Each half-life halves the weight.

    This is the time decay model of Google Analytics, where the half-life is 7 days. Ages are counted from the newest
    touch, which doesn't change the proportions. Weights are cut after 18 decimal places.
    """
    newest = ages[-1]
    return [_halved(age - newest, terms.half_life) for age in ages]


def _halved(age: int, half_life: int) -> int:
    if not age:
        return int(10**DECAY_PLACES)
    power = DECAY.divide(DECAY.multiply(Decimal(-age), LN_2), Decimal(half_life))
    return int(DECAY.scaleb(DECAY.exp(power), DECAY_PLACES))


def position(ages: Sequence[int], terms: Terms) -> list[int]:
    """The model `position`: the first touch gets 40 %, the last 40 %, and the touches between share 20 %. A site may
    choose other percentages.

    This is the position based (U-shaped) model of Google Analytics. A single touch gets everything. Two touches share
    everything in the proportion of the first and the last percentage; by default each gets half.
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
#: All models, in the order of menus.
MODELS = (*BY_AGE, *LEARNED)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights. The parts sum to exactly the amount: 100 with the weights 1, 1, 1
    gives 34, 33, 33.

    This is the method of the largest remainder (Hamilton). Each part is rounded down. The units that are left go to the
    parts with the largest remainders, one unit each. Of equal remainders, the earlier one wins. A negative amount gives
    the same parts as the positive amount, with a minus. No weight may be negative, and at least one must be above 0.
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
