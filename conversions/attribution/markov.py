"""Markov: computes the removal effect of each ad: which part of the conversions would be lost without the ad. Pure.

Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey", 2016; order 1, with null paths. A path
goes from START over its ads to CONVERSION, or to NULL if it ends without a conversion. The chance of a step from x to y
is the number of steps from x to y, divided by the number of all steps from x.

Removal effects are the same on every machine, to the last bit. Floats are only added, subtracted, multiplied and
divided, one at a time and in the order of the ads' names. IEEE 754 defines how each result is rounded. The effects are
stored in billionths.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from conversions.attribution.path_counts import PathCount, add_up_equal

#: The states that are not ads. No ad's name contains a NUL.
START, CONVERSION, NULL = "\0start", "\0conversion", "\0null"
#: A removal effect of 1, in billionths.
BILLION = 1_000_000_000

Matrix = list[list[float]]


class Chain(msgspec.Struct, frozen=True):
    """A Markov chain of a month's paths. `transitions`: (from state, to state) -> count. `removal`: ad -> removal
    effect, in billionths. `converted`, `unconverted`: the number of paths with and without a conversion."""

    transitions: dict[tuple[str, str], int]
    removal: dict[str, int]
    converted: int
    unconverted: int


def fit_chain(paths: Iterable[PathCount]) -> Chain:
    """Make the Markov chain of some paths. The time grows with the cube of the number of ads: 100 ads take a second."""
    gathered = add_up_equal(paths)
    transitions = count_transitions(gathered)
    return Chain(
        transitions,
        removal_effects(transitions),
        sum(path.converted for path in gathered),
        sum(path.unconverted for path in gathered),
    )


def count_transitions(paths: Iterable[PathCount]) -> dict[tuple[str, str], int]:
    """Count the steps of all paths by (from state, to state).

    If an ad comes several times in a row, it is one state of the path. The repetition changes neither the end of the
    path nor the ads on it.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for path in paths:
        states = [START, *(ad for n, ad in enumerate(path.ads) if n == 0 or ad != path.ads[n - 1])]
        for step in pairwise(states):
            counts[step] += path.total
        counts[states[-1], CONVERSION] += path.converted
        counts[states[-1], NULL] += path.unconverted
    return {step: count for step, count in sorted(counts.items()) if count}


def removal_effects(transitions: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Compute the removal effect of each ad, in billionths: the part of conversions that is lost if each path that
    reaches the ad ends there, without a conversion.

    Q has the chances of the moves between the start and the ads. N = (I - Q)^-1 says how often a path that is in one
    state visits each other state. c[s] is the chance that a path in the state s ends with a conversion: c[start] is the
    part of all paths that convert. A path visits ad k with the chance N[start,k] / N[k,k], and then converts with the
    chance c[k]. The removal effect of ad k is the product of both chances, divided by c[start].
    """
    states, moves, converting = _chances(transitions)
    visits = _inverse([[float(i == j) - move for j, move in enumerate(row)] for i, row in enumerate(moves)])
    chances = [_product(row, converting) for row in visits]
    if not chances or not chances[0]:
        return dict.fromkeys(states[1:], 0)
    effects = [visits[0][k] / visits[k][k] * chances[k] / chances[0] for k in range(1, len(states))]
    return {ad: int(effect * BILLION + 0.5) for ad, effect in zip(states[1:], effects, strict=True)}


def _chances(transitions: Mapping[tuple[str, str], int]) -> tuple[list[str], Matrix, list[float]]:
    """Return (states, Q, chances of a conversion). START is the first state. Q is the matrix of the chances of a step
    from state to state. The last list has the chance of a step from each state straight to CONVERSION."""
    leaving: dict[str, int] = defaultdict(int)
    for (origin, _), count in transitions.items():
        leaving[origin] += count
    states = sorted(leaving, key=lambda state: (state != START, state))
    moves = [[transitions.get((a, b), 0) / leaving[a] for b in states] for a in states]
    return states, moves, [transitions.get((state, CONVERSION), 0) / leaving[state] for state in states]


def _inverse(matrix: Matrix) -> Matrix:
    """Invert the matrix I - Q by Gauss-Jordan elimination. This matrix is diagonally dominant. Therefore no pivot
    search is needed."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        pivot = rows[k][k]
        rows[k] = [value / pivot for value in rows[k]]
        for i in range(size):
            factor = rows[i][k]
            if i != k and factor:
                rows[i] = [value - factor * own for value, own in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


def _product(left: Sequence[float], right: Sequence[float]) -> float:
    # `sum` adds floats differently in different versions of Python.
    total = 0.0
    for a, b in zip(left, right, strict=True):
        total += a * b
    return total


def credit_ads(chain: Chain) -> dict[str, float]:
    """Divide the conversions of all paths among the ads, in proportion to their removal effects. The result is for
    people to look at. Reports don't use it."""
    total = sum(chain.removal.values())
    return {ad: chain.converted * effect / total if total else 0.0 for ad, effect in chain.removal.items()}
