"""The models compared with figures that others published or computed, on public data: 10,000 paths over 12 channels.

The data come with the package `mta`; nothing else of it is used. The figures of ChannelAttribution (2.2.5, from PyPI)
are what its `heuristic_models` and `markov_model` answer on the same data. The tests don't require that package,
because compiling it takes minutes.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from importlib.util import find_spec
from itertools import permutations
from math import factorial
from pathlib import Path

import pytest

from conversions.attribution.credit import BY_AGE, ONE, split
from conversions.attribution.markov import BILLION, credit_ads, fit_chain
from conversions.attribution.path_counts import PathCount
from conversions.attribution.shapley import Rates, fit_rates, shapley_values
from conversions.rules.terms import Terms
from conversions.units.clock import DAY_MS

#: First, last and linear conversions of each channel, as `heuristic_models` prints them.
HEURISTIC = {
    "alpha": ("6308.000000", "8447.000000", "7574.718594"),
    "beta": ("2831.000000", "989.000000", "2083.500145"),
    "delta": ("1.000000", "5.000000", "1.725000"),
    "epsilon": ("99.000000", "531.000000", "272.170438"),
    "eta": ("3164.000000", "4167.000000", "3539.951157"),
    "gamma": ("165.000000", "92.000000", "121.041639"),
    "iota": ("4606.000000", "3355.000000", "3857.096221"),
    "kappa": ("74.000000", "230.000000", "137.964078"),
    "lambda": ("902.000000", "1207.000000", "1035.257572"),
    "mi": ("2.000000", "2.000000", "2.222222"),
    "theta": ("1606.000000", "653.000000", "1022.801394"),
    "zeta": ("27.000000", "107.000000", "136.551540"),
}
#: Removal effects: first the mean of twelve simulations by `markov_model(..., var_null="total_null", order=1,
#: nsim_start=1e7, seed=1..12, conv_par=0.005)`; then the solution of its transition matrix by numpy.
REMOVAL = {
    "alpha": (0.558834, 0.5583995),
    "beta": (0.263821, 0.2640385),
    "delta": (0.000510, 0.0004820),
    "epsilon": (0.062541, 0.0626386),
    "eta": (0.348786, 0.3490263),
    "gamma": (0.017804, 0.0178800),
    "iota": (0.405896, 0.4058350),
    "kappa": (0.028746, 0.0286634),
    "lambda": (0.134005, 0.1340221),
    "mi": (0.000164, 0.0001799),
    "theta": (0.205517, 0.2060105),
    "zeta": (0.039884, 0.0398105),
}
#: Channels that few paths contain. For these, the simulation differs from its own matrix by more than its noise.
RARE = {"delta", "mi"}
CONVERSIONS = 19_785
TERMS = Terms()


def read_paths() -> list[PathCount]:
    """Return the rows of the data: a path of channels, its conversions, and how often it ended without one."""
    spec = find_spec("mta")
    assert spec
    assert spec.origin
    with gzip.open(Path(spec.origin).parent / "data" / "data.csv.gz", "rt", newline="") as file:
        rows = csv.DictReader(file)
        return [
            PathCount(tuple(row["path"].split(" > ")), int(row["total_conversions"]), int(row["total_null"]))
            for row in rows
        ]


PATHS = read_paths()


def ages_of(path: PathCount) -> list[int]:
    """Return made-up ages of a path's touches, because the data have no times: one every third day, the last an hour
    before the conversion."""
    return [3 * DAY_MS * before + DAY_MS // 24 for before in reversed(range(len(path.ads)))]


def credited(weights_of: Callable[[PathCount], Sequence[int]]) -> dict[str, Fraction]:
    """Return the exact share of all conversions that each channel gets."""
    sums: Counter[str] = Counter()
    for path in PATHS:
        weights = weights_of(path)
        for channel, weight in zip(path.ads, weights, strict=True):
            sums[channel] += Fraction(path.converted * weight, sum(weights))  # type: ignore[assignment]
    return dict(sums)  # type: ignore[arg-type]


def by_model(name: str) -> dict[str, Fraction]:
    return credited(lambda path: BY_AGE[name](ages_of(path), TERMS))


def test_the_data_are_the_published_ones() -> None:
    assert len(PATHS) == 10_000
    assert {channel for path in PATHS for channel in path.ads} == set(HEURISTIC)
    assert sum(path.converted for path in PATHS) == CONVERSIONS


@pytest.mark.parametrize(("place", "model"), list(enumerate(["first", "last", "linear"])))
def test_first_last_and_linear_are_the_published_figures_to_the_last_place(place: int, model: str) -> None:
    found = {channel: f"{float(amount):.6f}" for channel, amount in by_model(model).items()}
    assert found == {channel: figures[place] for channel, figures in HEURISTIC.items()}


@pytest.mark.parametrize("model", BY_AGE)
def test_whole_micros_lose_no_conversion_and_differ_only_by_rounding(model: str) -> None:
    sums: Counter[str] = Counter()
    touches: Counter[str] = Counter()
    for path in PATHS:
        for channel, credit in zip(path.ads, split(ONE, BY_AGE[model](ages_of(path), TERMS)), strict=True):
            sums[channel] += path.converted * credit
            touches[channel] += path.converted
    assert sum(sums.values()) == CONVERSIONS * ONE
    exact = by_model(model)
    assert all(abs(sums[channel] - exact[channel] * ONE) < touches[channel] for channel in sums)


def test_time_decay_follows_its_formula() -> None:
    wanted: Counter[str] = Counter()
    for path in PATHS:
        days = [3 * before + 1 / 24 for before in reversed(range(len(path.ads)))]
        total = sum(0.5 ** (age / 7) for age in days)
        for channel, age in zip(path.ads, days, strict=True):
            wanted[channel] += path.converted * 0.5 ** (age / 7) / total  # type: ignore[assignment]
    assert {channel: float(amount) for channel, amount in by_model("time_decay").items()} == pytest.approx(wanted)


def test_position_follows_its_formula() -> None:
    wanted: Counter[str] = Counter()
    for path in PATHS:
        size = len(path.ads)
        ends = {1: 1.0, 2: 0.5}.get(size, 0.4)
        for n, channel in enumerate(path.ads):
            part = ends if n in (0, size - 1) else 0.2 / (size - 2)
            wanted[channel] += path.converted * part  # type: ignore[assignment]
    assert {channel: float(amount) for channel, amount in by_model("position").items()} == pytest.approx(wanted)


def test_removal_effects_are_those_of_channel_attribution_within_one_percent() -> None:
    chain = fit_chain(PATHS)
    assert (chain.converted, set(chain.removal)) == (CONVERSIONS, set(REMOVAL))
    for channel, (simulated, solved) in REMOVAL.items():
        assert chain.removal[channel] / BILLION == pytest.approx(solved, abs=1e-7)
        tolerance = {"abs": 1e-4} if channel in RARE else {"rel": 0.01}
        assert chain.removal[channel] / BILLION == pytest.approx(simulated, **tolerance)


def test_credit_by_removal_effects_adds_up_to_all_conversions() -> None:
    credit = credit_ads(fit_chain(PATHS))
    assert sum(credit.values()) == pytest.approx(CONVERSIONS)
    assert max(credit, key=lambda channel: credit[channel]) == "alpha"


def test_shapley_values_are_those_of_all_orders_of_joining() -> None:
    rates = fit_rates(PATHS, {}).ads
    small = [players for players in sorted(rates.of, key=sorted) if len(players) <= 4]
    assert len(small) > 100
    for players in map(sorted, small):
        values = [Fraction(value, factorial(len(players))) for value in shapley_values(players, rates)]
        assert values == mean_marginals(players, rates)


def mean_marginals(players: list[str], rates: Rates) -> list[Fraction]:
    """Return the Shapley value by its definition: what a player adds on joining, averaged over all orders."""
    sums = dict.fromkeys(players, 0)
    orders = list(permutations(players))
    for order in orders:
        for n, player in enumerate(order):
            sums[player] += worth(frozenset(order[: n + 1]), rates) - worth(frozenset(order[:n]), rates)
    return [Fraction(sums[player], len(orders)) for player in players]


def worth(coalition: frozenset[str], rates: Rates) -> int:
    """Return the rate of exactly these players. If this set of players has no rate, return the best rate of the sets
    with one player less."""
    if coalition in rates.of:
        return rates.of[coalition]
    return max((worth(coalition - {player}, rates) for player in coalition), default=0)
