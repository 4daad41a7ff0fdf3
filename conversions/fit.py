"""Fit: what the data-driven models learn from, how often each path of ads led to a conversion and how often not. Pure.

Weights are whole numbers, the same on each machine and for any order in which the paths come.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import lcm

import msgspec


class PathCount(msgspec.Struct, frozen=True, order=True):
    """How many paths reached a visitor by these ads in this order, with a conversion at their end and with none."""

    ads: tuple[str, ...]
    converted: int
    unconverted: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.converted + self.unconverted


def gather(paths: Iterable[PathCount]) -> list[PathCount]:
    """Equal paths added up, in the order of their ads; paths without any ad say nothing about one."""
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for path in paths:
        if path.ads and path.total:
            sums[path.ads][0] += path.converted
            sums[path.ads][1] += path.unconverted
    return [PathCount(ads, *counts) for ads, counts in sorted(sums.items())]


def touch_weights(ads: Sequence[str], worth: Mapping[str, int]) -> list[int]:
    """What ads are worth -> weights of a path's touches, each given by its ad.

    An ad has its worth once, however often it reached the visitor: its touches share it evenly. One that was not seen
    when the worth was learnt, such as a new one, is taken for the mean of the path's others. Where nothing has any
    worth, the ads have the same.
    """
    counts = Counter(ads)
    known = {ad: worth[ad] for ad in counts if ad in worth}
    total = sum(known.values())
    if not total:
        known, total = {}, 1
    # Times the number of the known ones, so that their mean is a whole number.
    whole = {ad: known[ad] * len(known) if ad in known else total for ad in counts}
    parts = lcm(*counts.values())
    return [whole[ad] * (parts // counts[ad]) for ad in ads]
