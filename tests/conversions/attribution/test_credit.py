"""The share of one conversion that each touch gets under each model: exact and stable."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import BY_AGE, ONE, split
from conversions.rules.terms import Terms
from conversions.units.clock import DAY_MS

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any)
AMOUNTS = st.integers(-(10**21), 10**21)
AGES = st.lists(st.integers(0, 90 * 86_400_000), min_size=1, max_size=40).map(lambda ages: sorted(ages, reverse=True))
TERMS = Terms()
ALL_TERMS = st.builds(
    lambda half_life, first, last: Terms(half_life, first, min(last, 100 - first)),
    st.integers(1, 10**11),
    st.integers(0, 100),
    st.integers(0, 100),
)


def weights(model: str, *ages: int, terms: Terms = TERMS) -> list[int]:
    """Return the weights that a model gives to touches of these ages."""
    return BY_AGE[model](ages, terms)


def test_the_weights_of_one_two_and_three_touches() -> None:
    assert {name: split(100, model([9], TERMS)) for name, model in BY_AGE.items()} == {name: [100] for name in BY_AGE}
    assert {name: split(100, model([7 * DAY_MS, 0], TERMS)) for name, model in BY_AGE.items()} == {
        "last": [0, 100],
        "first": [100, 0],
        "linear": [50, 50],
        "time_decay": [33, 67],
        "position": [50, 50],
    }
    assert split(ONE, weights("linear", 9, 3, 1)) == [333_334, 333_333, 333_333]
    assert split(100, weights("position", 9, 3, 1)) == [40, 20, 40]
    assert split(100, weights("position", 9, 7, 6, 3, 1)) == [40, 7, 7, 6, 40]
    assert split(700, weights("time_decay", 16 * DAY_MS, 9 * DAY_MS, 2 * DAY_MS)) == [100, 200, 400]


def test_a_site_can_choose_the_half_life_and_the_shares_by_position() -> None:
    assert split(300, weights("time_decay", DAY_MS, 0, terms=Terms(half_life=DAY_MS))) == [100, 200]
    skewed = Terms(position_first=10, position_last=30)
    assert split(100, weights("position", 9, 8, 7, terms=skewed)) == [10, 60, 30]
    assert split(100, weights("position", 9, 7, terms=skewed)) == [25, 75]
    assert split(100, weights("position", 9, terms=skewed)) == [100]
    between = Terms(position_first=0, position_last=0)
    assert [split(100, weights("position", *ages, terms=between)) for ages in ([9], [9, 8], [9, 8, 7])] == [
        [100],
        [50, 50],
        [0, 100, 0],
    ]


def test_touches_far_beyond_the_half_life_keep_their_proportions() -> None:
    """All touches are old. Their weights are relative to the newest one's."""
    assert split(300, weights("time_decay", 91 * DAY_MS, 90 * DAY_MS, terms=Terms(half_life=DAY_MS))) == [100, 200]
    assert weights("time_decay", 90 * DAY_MS, 0, terms=Terms(half_life=1)) == [0, 10**18]


@given(ages=AGES, half_life=st.integers(60_000, 90 * DAY_MS))
def test_time_decay_halves_with_each_half_life(ages: list[int], half_life: int) -> None:
    found = weights("time_decay", *ages, terms=Terms(half_life=half_life))
    wanted = [2.0 ** ((ages[-1] - age) / half_life) for age in ages]
    assert [weight / 10**18 for weight in found] == pytest.approx(wanted, abs=1e-12)


def test_the_rest_goes_to_the_largest_remainder_and_then_to_the_earlier_touch() -> None:
    assert split(10, [1, 1, 1, 1]) == [3, 3, 2, 2]
    assert split(100, [1, 2, 3]) == [17, 33, 50]
    assert split(-100, [1, 2, 3]) == [-17, -33, -50]
    assert split(1, [0, 1, 1, 0]) == [0, 1, 0, 0]
    assert split(0, [1, 2]) == [0, 0]


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_split_loses_nothing_and_is_off_by_less_than_one_unit(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert weight or part == 0


@given(amount=AMOUNTS, weights=WEIGHTS, factor=st.integers(1, 1000))
def test_a_split_depends_only_on_the_proportions_of_the_weights(amount: int, weights: list[int], factor: int) -> None:
    assert split(amount, [weight * factor for weight in weights]) == split(amount, weights)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_refund_takes_back_what_the_sale_gave(amount: int, weights: list[int]) -> None:
    assert [part + back for part, back in zip(split(amount, weights), split(-amount, weights), strict=True)] == [
        0
    ] * len(weights)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_equal_weights_get_equal_shares_or_the_earlier_touch_one_unit_more(amount: int, weights: list[int]) -> None:
    parts = [abs(part) for part in split(amount, weights)]
    for weight in set(weights):
        equal = [part for part, own in zip(parts, weights, strict=True) if own == weight]
        assert equal == sorted(equal, reverse=True)
        assert equal[0] - equal[-1] <= 1


@pytest.mark.parametrize("model", sorted(BY_AGE))
@given(ages=AGES, terms=ALL_TERMS)
def test_every_model_gives_each_touch_a_weight_and_a_whole_conversion(
    model: str, ages: list[int], terms: Terms
) -> None:
    weights = BY_AGE[model](ages, terms)
    assert len(weights) == len(ages)
    assert all(weight >= 0 for weight in weights)
    assert sum(split(ONE, weights)) == ONE
