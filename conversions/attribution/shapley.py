"""Shapley: counted paths -> what each ad of a path adds to the rate of conversions, on average over all orders in which
the ads may join. Pure.

Source: Shapley, "A value for n-person games", 1953; on ads Dalessandro et al., "Causally motivated attribution", 2012.
The players are the ads of one path, each once, in any order. A coalition is a set of players. Its worth is the rate at
which paths with exactly these players convert. If there is no such path, its worth is the greatest worth of the
coalitions that have one of its players less. Rates are whole numbers of 10^-18. All further arithmetic is exact.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import factorial
from typing import Literal

import msgspec

from conversions.attribution.path_counts import PathCount, touch_weights

#: The largest number of players: 2^12 coalitions are enumerated.
MAX_PLAYERS = 12
SCALE = 10**18

#: What the players of a path are: its ads; if there are too many ads, its campaigns; if there are too many campaigns as
#: well, none.
Players = Literal["ads", "campaigns", "none"]


class Rates(msgspec.Struct, frozen=True):
    """Set of players -> the rate at which paths with exactly these players convert, in 10^-18; and all players of the
    month's paths."""

    of: dict[frozenset[str], int]
    seen: frozenset[str]


class Rated(msgspec.Struct, frozen=True):
    """The rates of sets of ads, and of sets of campaigns."""

    ads: Rates
    campaigns: Rates


#: Set of players -> how many paths with it converted, and how many paths had it.
SetCounts = dict[frozenset[str], tuple[int, int]]


def fit_rates(paths: Iterable[PathCount], campaigns: Mapping[str, str]) -> Rated:
    """Compute the rates of counted paths. `campaigns`: ad -> its campaign."""
    gathered = list(paths)
    return Rated(rates(count_sets(gathered, {})), rates(count_sets(gathered, campaigns)))


def count_sets(paths: Iterable[PathCount], players: Mapping[str, str]) -> SetCounts:
    """Add up counted paths by their set of players. `players`: ad -> its player; an ad that is not in `players` is its
    own player. Sets of more than MAX_PLAYERS are left out."""
    sums: dict[frozenset[str], list[int]] = defaultdict(lambda: [0, 0])
    for path in paths:
        found = _players_of(path, players)
        if found and len(found) <= MAX_PLAYERS and path.total:
            sums[found][0] += path.converted
            sums[found][1] += path.total
    return {found: (converted, total) for found, (converted, total) in sums.items()}


def count_too_large(paths: Iterable[PathCount], players: Mapping[str, str]) -> tuple[int, int]:
    """Count the paths with more than MAX_PLAYERS players: those that converted, and those that didn't."""
    large = [path for path in paths if len(_players_of(path, players)) > MAX_PLAYERS]
    return sum(path.converted for path in large), sum(path.unconverted for path in large)


def _players_of(path: PathCount, players: Mapping[str, str]) -> frozenset[str]:
    return frozenset(players.get(ad, ad) for ad in path.ads)


def rates(counts: SetCounts) -> Rates:
    """Compute for each set of players the part of its paths that converted."""
    of = {players: SCALE * converted // total for players, (converted, total) in counts.items()}
    return Rates(of, frozenset[str]().union(*of))


def shapley_values(players: Sequence[str], rated: Rates) -> list[int]:
    """Compute what each player adds, in 10^-18 / n!, for n players. The result may be negative. `players`: at most
    MAX_PLAYERS, each once.

    phi(i) = sum over coalitions S without i of |S|! (n - |S| - 1)! / n! * (v(S with i) - v(S)).
    """
    worth = _worth(players, rated)
    size = len(players)
    orders = [factorial(n) * factorial(size - n - 1) for n in range(size)]
    values = [0] * size
    for coalition, own in enumerate(worth):
        joined = coalition.bit_count()
        for n in range(size):
            if coalition >> n & 1:
                values[n] += orders[joined - 1] * own
            else:
                values[n] -= orders[joined] * own
    return values


def _worth(players: Sequence[str], rated: Rates) -> list[int]:
    """The worth of each coalition. The index is a bit mask of the players."""
    worth = [0]
    for coalition in range(1, 1 << len(players)):
        members = [n for n in range(len(players)) if coalition >> n & 1]
        rate = rated.of.get(frozenset(players[n] for n in members))
        # A coalition with one player less has a smaller mask. Its worth is known by now.
        worth.append(max(worth[coalition & ~(1 << n)] for n in members) if rate is None else rate)
    return worth


def shapley_weights(ads: Sequence[str], rated: Rated, campaigns: Mapping[str, str]) -> tuple[list[int], Players]:
    """Return the weights of a path's touches; and what the players were. `ads`: the ad of each touch.

    The players are the path's ads. If these are more than MAX_PLAYERS, the players are the path's campaigns. If these
    are too many as well, every ad weighs the same.

    A player that adds nothing, or less, gets nothing. A player that the month's paths didn't have gets the mean of the
    others.
    """
    if len(set(ads)) <= MAX_PLAYERS:
        return touch_weights(ads, _added(ads, rated.ads)), "ads"
    grouped = [campaigns.get(ad, ad) for ad in ads]
    if len(set(grouped)) <= MAX_PLAYERS:
        return touch_weights(grouped, _added(grouped, rated.campaigns)), "campaigns"
    return touch_weights(ads, {}), "none"


def _added(path: Sequence[str], rated: Rates) -> dict[str, int]:
    """What each player of the path adds, at least 0. Players that the month's paths didn't have are left out."""
    players = sorted(set(path))
    values = zip(players, shapley_values(players, rated), strict=True)
    return {player: max(value, 0) for player, value in values if player in rated.seen}
