"""Shapley values: what each ad of a path adds to the rate of conversions."""

import time
from itertools import permutations
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions.attribution.credit import ONE, split
from conversions.attribution.path_counts import PathCount
from conversions.attribution.shapley import MAX_PLAYERS, SCALE, Rates, fit_rates, shapley_values, shapley_weights

PATHS = st.lists(
    st.builds(
        PathCount,
        st.lists(st.sampled_from("abcde"), min_size=1, max_size=7).map(tuple),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=12,
)


def worth(coalition: frozenset[str], rates: Rates) -> int:
    """Return the rate of exactly these players. If this set of players has no rate, return the best rate of the sets
    with one player less."""
    if not coalition:
        return 0
    if coalition in rates.of:
        return rates.of[coalition]
    return max(worth(coalition - {player}, rates) for player in coalition)


def by_joining(players: list[str], rates: Rates) -> list[int]:
    """Return the Shapley value by its definition: what a player adds on joining, summed over all orders."""
    values = dict.fromkeys(players, 0)
    for order in permutations(players):
        for n, player in enumerate(order):
            values[player] += worth(frozenset(order[: n + 1]), rates) - worth(frozenset(order[:n]), rates)
    return [values[player] for player in players]


def test_two_ads_worked_out_by_hand() -> None:
    """Alone, a converts 1 of 10 paths, and b 2 of 10. Both together convert 5 of 10. Therefore a adds 0.1 if it joins
    first and 0.3 if it joins last; b adds 0.2 or 0.4."""
    paths = [
        PathCount(("a",), 1, 9),
        PathCount(("b", "b"), 2, 8),
        PathCount(("a", "b"), 3, 2),
        PathCount(("b", "a"), 2, 3),
    ]
    rated = fit_rates(paths, {})
    assert rated.ads.of == {frozenset("a"): SCALE // 10, frozenset("b"): SCALE // 5, frozenset("ab"): SCALE // 2}
    assert shapley_values("ab", rated.ads) == [SCALE * 4 // 10, SCALE * 6 // 10]
    weights, players = shapley_weights(["a", "b", "a"], rated, {})
    assert split(100, weights) == [20, 60, 20]
    assert players == "ads"


def test_an_ad_that_only_lowers_the_rate_earns_nothing() -> None:
    rated = fit_rates([PathCount(("a",), 5, 5), PathCount(("b",), 0, 5), PathCount(("a", "b"), 1, 9)], {})
    assert shapley_values("ab", rated.ads)[1] < 0
    assert split(100, shapley_weights(["b", "a"], rated, {})[0]) == [0, 100]


def test_ads_that_were_never_seen_together_are_worth_as_much_as_the_best_of_them() -> None:
    rated = fit_rates([PathCount(("a",), 3, 7), PathCount(("b",), 1, 9)], {})
    assert split(100, shapley_weights(["a", "b"], rated, {})[0]) == [83, 17]


def test_a_new_ad_weighs_as_much_as_the_mean_of_the_others() -> None:
    rated = fit_rates([PathCount(("a",), 3, 7), PathCount(("b",), 1, 9)], {})
    assert split(120, shapley_weights(["a", "new", "b"], rated, {})[0]) == [67, 40, 13]
    assert split(100, shapley_weights(["new", "newer"], rated, {})[0]) == [50, 50]


def test_with_too_many_ads_campaigns_are_the_players_and_the_answer_says_so() -> None:
    ads = [f"ad{n}" for n in range(MAX_PLAYERS + 1)]
    campaigns = {ad: "spring" if n else "autumn" for n, ad in enumerate(ads)}
    rated = fit_rates([PathCount(("ad0",), 3, 7), PathCount(("ad1", "ad2"), 1, 9)], campaigns)
    weights, players = shapley_weights(ads, rated, campaigns)
    assert players == "campaigns"
    # autumn adds 0.3 or 0.2, spring 0.1 or 0: the twelve ads of spring share what spring adds.
    assert split(600, weights) == [500, *[9] * 4, *[8] * 8]


def test_with_too_many_campaigns_every_ad_weighs_the_same_and_the_answer_says_so() -> None:
    ads = [f"ad{n}" for n in range(MAX_PLAYERS + 1)]
    weights, players = shapley_weights(["ad0", *ads], fit_rates([PathCount(("ad0",), 3, 7)], {}), {})
    assert players == "none"
    assert split(130, weights) == [5, 5, *[10] * MAX_PLAYERS]


@settings(deadline=None)  # all orders of joining are slow on a busy machine
@given(paths=PATHS, players=st.permutations("abcde"))
def test_the_values_equal_the_mean_over_all_orders_of_joining(paths: list[PathCount], players: list[str]) -> None:
    rates = fit_rates(paths, {}).ads
    assert shapley_values(players, rates) == by_joining(players, rates)


@settings(deadline=None)  # all orders of joining are slow on a busy machine
@given(paths=PATHS, path=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=9), data=st.data())
def test_the_order_of_a_path_does_not_change_its_values(
    paths: list[PathCount], path: list[str], data: st.DataObject
) -> None:
    rated = fit_rates(paths, {})
    weights, _ = shapley_weights(path, rated, {})
    assert sum(split(ONE, weights)) == ONE
    shuffled = data.draw(st.permutations(path))
    again, _ = shapley_weights(shuffled, fit_rates(data.draw(st.permutations(paths)), {}), {})
    assert dict(zip(shuffled, again, strict=True)) == dict(zip(path, weights, strict=True))


@pytest.mark.parametrize("size", [1, 4, MAX_PLAYERS])
def test_the_values_add_up_to_the_worth_of_all(size: int) -> None:
    players = [f"ad{n}" for n in range(size)]
    paths = [PathCount(tuple(players[: n + 1]), n + 1, size) for n in range(size)]
    rates = fit_rates(paths, {}).ads
    assert sum(shapley_values(players, rates)) == factorial(size) * rates.of[frozenset(players)]


def test_twelve_ads_take_less_than_a_second() -> None:
    players = [f"ad{n}" for n in range(MAX_PLAYERS)]
    rates = fit_rates([PathCount((ad,), 1, n) for n, ad in enumerate(players)], {}).ads
    began = time.process_time()
    shapley_values(players, rates)
    assert time.process_time() - began < 1
