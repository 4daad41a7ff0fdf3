"""Removal effects: the part of conversions that is lost without an ad, by the Markov chain of the paths."""

import time
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions.attribution.markov import BILLION, CONVERSION, NULL, START, Chain, credit_ads, fit_chain
from conversions.attribution.path_counts import PathCount

PATHS = st.lists(
    st.builds(
        PathCount,
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(tuple),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=8,
)


def chance(chain: Chain, without: str = "") -> Fraction:
    """Return the exact probability of a conversion, found by eliminating the states one by one. `without`: an ad from
    which no step leads on.

    A path through an eliminated state becomes a path around it.
    """
    ways: dict[tuple[str, str], Fraction] = {}
    for (origin, target), count in chain.transitions.items():
        leaving = sum(n for (a, _), n in chain.transitions.items() if a == origin)
        ways[origin, target] = Fraction(count, leaving)
    states = {origin for origin, _ in ways} - {START}
    for (origin, target), way in list(ways.items()):
        if target == without:
            ways[origin, NULL] = ways.get((origin, NULL), Fraction(0)) + way
            del ways[origin, target]
    for state in sorted(states):
        stay = ways.pop((state, state), Fraction(0))
        into = {a: way for (a, b), way in ways.items() if b == state}
        out = {b: way / (1 - stay) for (a, b), way in ways.items() if a == state and stay != 1}
        ways = {step: way for step, way in ways.items() if state not in step}
        for a, first in into.items():
            for b, second in out.items():
                ways[a, b] = ways.get((a, b), Fraction(0)) + first * second
    return ways.get((START, CONVERSION), Fraction(0))


def test_two_ads_worked_out_by_hand() -> None:
    """Of 4 paths, 3 begin with a and 1 with b. Of 3 steps from a, 1 converts and 2 lead to b. Of 3 steps from b, 1
    converts.

    P = 3/4 (1/3 + 2/3 1/3) + 1/4 1/3 = 1/2; without a 1/12, without b 1/4.
    """
    chain = fit_chain([PathCount(("a",), 1, 0), PathCount(("a", "b"), 1, 1), PathCount(("b",), 0, 1)])
    assert chance(chain) == Fraction(1, 2)
    assert chain.removal == {"a": 833_333_333, "b": 500_000_000}
    assert (chain.converted, chain.unconverted) == (2, 2)
    assert chain.transitions == {
        (START, "a"): 3,
        (START, "b"): 1,
        ("a", CONVERSION): 1,
        ("a", "b"): 2,
        ("b", CONVERSION): 1,
        ("b", NULL): 2,
    }
    assert credit_ads(chain) == pytest.approx({"a": 1.25, "b": 0.75})


def test_if_every_path_needs_an_ad_its_removal_effect_is_everything() -> None:
    chain = fit_chain([PathCount(("a", "b"), 2, 1), PathCount(("b", "a", "b"), 1, 0), PathCount(("c",), 0, 5)])
    assert chain.removal["b"] == BILLION
    assert chain.removal["c"] == 0


def test_the_same_ad_twice_in_a_row_is_one_state() -> None:
    assert fit_chain([PathCount(("a", "a", "a", "b"), 1, 1)]) == fit_chain([PathCount(("a", "b"), 1, 1)])


def test_without_any_conversion_or_path_no_ad_has_an_effect() -> None:
    assert fit_chain([PathCount(("a",), 0, 3)]).removal == {"a": 0}
    assert fit_chain([]) == Chain({}, {}, 0, 0)


@settings(deadline=None)  # exact fractions are slow on a busy machine
@given(paths=PATHS)
def test_the_removal_effect_is_the_loss_of_the_chain_without_the_ad(paths: list[PathCount]) -> None:
    chain = fit_chain(paths)
    all_of_it = chance(chain)
    for ad, effect in chain.removal.items():
        wanted = 1 - chance(chain, ad) / all_of_it if all_of_it else Fraction(0)
        assert abs(effect - wanted * BILLION) <= 1


@settings(deadline=None)  # exact fractions are slow on a busy machine
@given(paths=PATHS, data=st.data())
def test_neither_order_nor_splitting_of_paths_changes_the_chain(paths: list[PathCount], data: st.DataObject) -> None:
    assert fit_chain(data.draw(st.permutations(list(split_up(paths))))) == fit_chain(paths)


def split_up(paths: Iterable[PathCount]) -> Iterable[PathCount]:
    for path in paths:
        yield from [PathCount(path.ads, 1, 0)] * path.converted
        yield from [PathCount(path.ads, 0, 1)] * path.unconverted


def test_a_hundred_ads_are_fitted_in_seconds() -> None:
    paths = [PathCount((f"a{n}", f"a{n * 7 % 100}", f"a{n * 31 % 100}"), n % 3, 1 + n % 5) for n in range(100)]
    began = time.process_time()
    assert len(fit_chain(paths).removal) == 100
    assert time.process_time() - began < 10
