"""What each touch gets of one conversion: exact, stable, by each model."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.credit import MODELS, ONE, split

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any)
AMOUNTS = st.integers(-(10**21), 10**21)
AGES = st.lists(st.integers(0, 90 * 86_400_000), min_size=1, max_size=40).map(lambda ages: sorted(ages, reverse=True))


def test_the_models_of_one_two_and_three_touches() -> None:
    assert {name: model([9]) for name, model in MODELS.items()} == {"last": [1], "first": [1], "linear": [1]}
    assert {name: model([9, 3]) for name, model in MODELS.items()} == {
        "last": [0, 1],
        "first": [1, 0],
        "linear": [1, 1],
    }
    assert split(ONE, MODELS["linear"]([9, 3, 1])) == [333_334, 333_333, 333_333]


def test_what_is_left_over_goes_to_the_largest_remainder_then_to_the_earlier_touch() -> None:
    assert split(10, [1, 1, 1, 1]) == [3, 3, 2, 2]
    assert split(100, [1, 2, 3]) == [17, 33, 50]
    assert split(-100, [1, 2, 3]) == [-17, -33, -50]
    assert split(1, [0, 1, 1, 0]) == [0, 1, 0, 0]
    assert split(0, [1, 2]) == [0, 0]


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_split_loses_nothing_and_gives_each_its_quota_to_the_last_unit(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert weight or part == 0


@given(amount=AMOUNTS, weights=WEIGHTS, factor=st.integers(1, 1000))
def test_a_split_depends_only_on_the_proportions(amount: int, weights: list[int], factor: int) -> None:
    assert split(amount, [weight * factor for weight in weights]) == split(amount, weights)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_refund_takes_back_what_the_sale_gave(amount: int, weights: list[int]) -> None:
    assert [part + back for part, back in zip(split(amount, weights), split(-amount, weights), strict=True)] == [
        0
    ] * len(weights)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_equal_weights_get_the_same_or_the_earlier_one_more(amount: int, weights: list[int]) -> None:
    parts = [abs(part) for part in split(amount, weights)]
    for weight in set(weights):
        equal = [part for part, own in zip(parts, weights, strict=True) if own == weight]
        assert equal == sorted(equal, reverse=True)
        assert equal[0] - equal[-1] <= 1


@pytest.mark.parametrize("model", sorted(MODELS))
@given(ages=AGES)
def test_every_model_gives_each_touch_a_weight_and_a_whole_conversion(model: str, ages: list[int]) -> None:
    weights = MODELS[model](ages)
    assert len(weights) == len(ages)
    assert all(weight >= 0 for weight in weights)
    assert sum(split(ONE, weights)) == ONE
