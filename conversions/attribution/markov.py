"""Markov: counted paths -> each ad's removal effect, the part of conversions that would be lost without the ad. Pure.

Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey", 2016; order 1, null paths included. A
path goes from START over its ads to CONVERSION or NULL. The chance of going from x to y is the number of times that
paths go from x to y, divided by the number of times that paths leave x.

Removal effects are the same on every machine, to the last bit: floats are only added, subtracted, multiplied and
divided, one by one, in the order of the ads' names, and IEEE 754 says how each of these operations is rounded. The
effects are stored in billionths.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from conversions.attribution.path_counts import PathCount, gather

#: The states of a chain that are no ads. No ad's name contains a NUL.
START, CONVERSION, NULL = "\0start", "\0conversion", "\0null"
#: A removal effect of 1, in the unit in which effects are kept.
BILLION = 1_000_000_000

Matrix = list[list[float]]


class Chain(msgspec.Struct, frozen=True):
    """A fitted chain: how often paths went from one state to another, and the removal effect of each ad in
    billionths."""

    transitions: dict[tuple[str, str], int]
    removal: dict[str, int]
    converted: int
    unconverted: int


def fit_chain(paths: Iterable[PathCount]) -> Chain:
    """Fit the chain to paths. The time grows with the cube of the number of ads: 100 ads take a second."""
    gathered = gather(paths)
    transitions = count_transitions(gathered)
    return Chain(
        transitions,
        removal_effects(transitions),
        sum(path.converted for path in gathered),
        sum(path.unconverted for path in gathered),
    )


def count_transitions(paths: Iterable[PathCount]) -> dict[tuple[str, str], int]:
    """Count how often paths went from one state to the next.

    If an ad follows itself, this is no transition. The repetition changes neither where the path ends nor which ads the
    path visits.
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
    """Compute for each ad the part of conversions, in billionths, that is lost if every path that reaches the ad ends
    there without a conversion.

    N = (I - Q)^-1 is how often a path that starts in one state visits each other state. c is the chance of a conversion
    from each state. A path visits the ad k with the chance N[start,k] / N[k,k], and converts after it with the chance
    c[k]. Therefore 1 - P(conversion without k) / P(conversion) = N[start,k] c[k] / (N[k,k] c[start]).
    """
    states, moves, converting = _chances(transitions)
    visits = _inverse([[float(i == j) - move for j, move in enumerate(row)] for i, row in enumerate(moves)])
    chances = [_product(row, converting) for row in visits]
    if not chances or not chances[0]:
        return dict.fromkeys(states[1:], 0)
    effects = [visits[0][k] / visits[k][k] * chances[k] / chances[0] for k in range(1, len(states))]
    return {ad: int(effect * BILLION + 0.5) for ad, effect in zip(states[1:], effects, strict=True)}


def _chances(transitions: Mapping[tuple[str, str], int]) -> tuple[list[str], Matrix, list[float]]:
    """Return the states, START first; the matrix Q of the chances of going from one state to another; and each state's
    chance of going straight to a conversion."""
    leaving: dict[str, int] = defaultdict(int)
    for (origin, _), count in transitions.items():
        leaving[origin] += count
    states = sorted(leaving, key=lambda state: (state != START, state))
    moves = [[transitions.get((a, b), 0) / leaving[a] for b in states] for a in states]
    return states, moves, [transitions.get((state, CONVERSION), 0) / leaving[state] for state in states]


def _inverse(matrix: Matrix) -> Matrix:
    """Invert a matrix by Gauss and Jordan. No pivot search is needed, because I - Q is diagonally dominant."""
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
    # `sum` is not used, because versions of Python differ in how it adds floats.
    total = 0.0
    for a, b in zip(left, right, strict=True):
        total += a * b
    return total


def credit_ads(chain: Chain) -> dict[str, float]:
    """Divide the conversions of all paths among the ads by removal effect. The result is shown to people. No figure
    uses it."""
    total = sum(chain.removal.values())
    return {ad: chain.converted * effect / total if total else 0.0 for ad, effect in chain.removal.items()}
