"""Shapley: computes how much each ad of a path adds to the conversion rate, on average over all orders in which the ads
may join. Pure.

Sources: Shapley, "A value for n-person games", 1953; for ads Dalessandro et al., "Causally motivated attribution",
2012. The players are the distinct ads of a path. A coalition is a set of players. The worth of a coalition is the
conversion rate of the paths with exactly these players. If the month has no such paths, the worth is the greatest worth
of the coalitions that have one of these players less. Rates are whole numbers in units of 10^-18. All later arithmetic
is exact.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import factorial
from typing import Literal

import msgspec

from conversions.attribution.path_counts import PathCount, touch_weights

#: The largest number of players. With 12 players, 2^12 coalitions are computed.
MAX_PLAYERS = 12
SCALE = 10**18

#: What the players of a path are: its ads; its campaigns if there are too many ads; none if there are also too many
#: campaigns.
Players = Literal["ads", "campaigns", "none"]


class Rates(msgspec.Struct, frozen=True):
    """Conversion rates. `of`: set of players -> the rate of the paths with exactly these players, in units of 10^-18.
    `seen`: every player on the month's paths."""

    of: dict[frozenset[str], int]
    seen: frozenset[str]


class Rated(msgspec.Struct, frozen=True):
    """The conversion rates of sets of ads, and of sets of campaigns."""

    ads: Rates
    campaigns: Rates


#: Set of players -> (how many paths with exactly these players converted, how many such paths there were).
SetCounts = dict[frozenset[str], tuple[int, int]]


def fit_rates(paths: Iterable[PathCount], campaigns: Mapping[str, str]) -> Rated:
    """Compute conversion rates from counted paths. `campaigns`: ad -> its campaign."""
    gathered = list(paths)
    return Rated(rates(count_sets(gathered, {})), rates(count_sets(gathered, campaigns)))


def count_sets(paths: Iterable[PathCount], players: Mapping[str, str]) -> SetCounts:
    """Add up the counts of all paths that have the same set of players. Paths with more than MAX_PLAYERS players are
    left out.

    `players`: ad -> its player, such as the ad's campaign. An ad without an entry is its own player.
    """
    sums: dict[frozenset[str], list[int]] = defaultdict(lambda: [0, 0])
    for path in paths:
        found = _players_of(path, players)
        if found and len(found) <= MAX_PLAYERS and path.total:
            sums[found][0] += path.converted
            sums[found][1] += path.total
    return {found: (converted, total) for found, (converted, total) in sums.items()}


def count_too_large(paths: Iterable[PathCount], players: Mapping[str, str]) -> tuple[int, int]:
    """Count the paths with more than MAX_PLAYERS players. Returns (with a conversion, without a conversion)."""
    large = [path for path in paths if len(_players_of(path, players)) > MAX_PLAYERS]
    return sum(path.converted for path in large), sum(path.unconverted for path in large)


def _players_of(path: PathCount, players: Mapping[str, str]) -> frozenset[str]:
    return frozenset(players.get(ad, ad) for ad in path.ads)


def rates(counts: SetCounts) -> Rates:
    """Compute the conversion rate of each set of players."""
    of = {players: SCALE * converted // total for players, (converted, total) in counts.items()}
    return Rates(of, frozenset[str]().union(*of))


def shapley_values(players: Sequence[str], rated: Rates) -> list[int]:
    """Compute the Shapley value of each player, in units of 10^-18 / n!, for n players. A value may be negative.

    `players`: at most MAX_PLAYERS different players.

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
    """Return a list with the worth of each coalition. The index is a bit mask: bit i is set if the coalition has the
    i-th player."""
    worth = [0]
    for coalition in range(1, 1 << len(players)):
        members = [n for n in range(len(players)) if coalition >> n & 1]
        rate = rated.of.get(frozenset(players[n] for n in members))
        # A coalition with one player less has a smaller mask, and its worth is already known.
        worth.append(max(worth[coalition & ~(1 << n)] for n in members) if rate is None else rate)
    return worth


def shapley_weights(ads: Sequence[str], rated: Rated, campaigns: Mapping[str, str]) -> tuple[list[int], Players]:
    """Return the weight of each touch of a path, and what was weighed: ads, campaigns or none. `ads`: the ad of each
    touch.

    The players are the ads of the path. If there are more than MAX_PLAYERS ads, the players are the campaigns. If there
    are also too many campaigns, all ads weigh the same.

    A player with a Shapley value below 0 gets 0. A player that was on no path of the month gets the mean of the other
    players.
    """
    if len(set(ads)) <= MAX_PLAYERS:
        return touch_weights(ads, _values_of(ads, rated.ads)), "ads"
    grouped = [campaigns.get(ad, ad) for ad in ads]
    if len(set(grouped)) <= MAX_PLAYERS:
        return touch_weights(grouped, _values_of(grouped, rated.campaigns)), "campaigns"
    return touch_weights(ads, {}), "none"


def _values_of(path: Sequence[str], rated: Rates) -> dict[str, int]:
    """Return the Shapley value of each player of the path, at least 0. Players that were on no path of the month are
    left out."""
    players = sorted(set(path))
    values = zip(players, shapley_values(players, rated), strict=True)
    return {player: max(value, 0) for player, value in values if player in rated.seen}
