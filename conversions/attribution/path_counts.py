"""Fit: what the data-driven models learn from, how often each path of ads led to a conversion and how often not. Pure.

Weights are whole numbers, the same on each machine and for any order in which the paths come.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import lcm

import msgspec

from conversions.facts.ad_names import AdName


class PathCount(msgspec.Struct, frozen=True, order=True):
    """How many paths reached a visitor by these ads in this order, with a conversion at their end and with none."""

    ads: tuple[str, ...]
    converted: int
    unconverted: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.converted + self.unconverted


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit looked at, and what it left out.

    `one_in`: everybody (1), or one person in so many. `conversions` that count in the month, `with_touches` of them.
    `cut`: paths of which only the newest steps were taken. `other_ads`: how many are `(other)`. `left_out`, with
    `converted` and `unconverted`: distinct paths that were too rare, and how many they were. `many_ads` and
    `many_campaigns`, likewise: paths that have too many of these for Shapley's sets of them.
    """

    one_in: int = 1
    conversions: int = 0
    with_touches: int = 0
    cut: int = 0
    other_ads: int = 0
    left_out: int = 0
    left_out_converted: int = 0
    left_out_unconverted: int = 0
    many_ads_converted: int = 0
    many_ads_unconverted: int = 0
    many_campaigns_converted: int = 0
    many_campaigns_unconverted: int = 0


class Inputs(msgspec.Struct, frozen=True):
    """What a goal's fit is made of: counted paths by the labels of their ads, and whose labels these are."""

    paths: list[PathCount]
    ads: dict[str, AdName]
    coverage: Coverage


def label_of(name: AdName) -> str:
    """What paths call an ad: never empty, the same for no two. A configured ad's key has no line break."""
    return name.ad if name.configured else f"{name.ad}\n{name.campaign}"


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
