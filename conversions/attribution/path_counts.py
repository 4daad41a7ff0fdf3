"""Path counts: how often each path of ads led to a conversion and how often not. The data-driven models learn from it.
Pure.

Weights are whole numbers. They are the same on every machine and for any order of the paths.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import lcm

import msgspec

from conversions.facts.ad_names import AdName


class PathCount(msgspec.Struct, frozen=True, order=True):
    """How many paths had these ads in this order, with a conversion at the end and without one."""

    ads: tuple[str, ...]
    converted: int
    unconverted: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.converted + self.unconverted


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit looked at, and what it left out.

    `one_in`: 1 if it looked at everybody, n if at one person in n. `conversions`: those that count in the month,
    `with_touches`: those of them with touches. `cut`: paths of which only the newest steps were used. `other_ads`: how
    many ads are `(other)`. `left_out`: distinct paths that were too rare; `left_out_converted` and
    `left_out_unconverted`: how many paths these were. `many_ads_*` and `many_campaigns_*`: paths with too many ads, or
    campaigns, for Shapley's sets.
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
    """What a goal's fit is made of: counted paths by the labels of their ads; and label -> ad."""

    paths: list[PathCount]
    ads: dict[str, AdName]
    coverage: Coverage


def label_of(name: AdName) -> str:
    """The label of an ad in paths. It is never empty, and no two ads share one: a configured ad's key has no line
    break."""
    return name.ad if name.configured else f"{name.ad}\n{name.campaign}"


def gather(paths: Iterable[PathCount]) -> list[PathCount]:
    """Equal paths added up, in order of their ads. Paths without ads are left out."""
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for path in paths:
        if path.ads and path.total:
            sums[path.ads][0] += path.converted
            sums[path.ads][1] += path.unconverted
    return [PathCount(ads, *counts) for ads, counts in sorted(sums.items())]


def touch_weights(ads: Sequence[str], worth: Mapping[str, int]) -> list[int]:
    """What ads are worth -> the weights of a path's touches, each given by its ad.

    The touches of one ad share its worth evenly. An ad without a known worth, such as a new one, gets the mean of the
    path's other ads. If no ad has any worth, all ads weigh the same.
    """
    counts = Counter(ads)
    known = {ad: worth[ad] for ad in counts if ad in worth}
    total = sum(known.values())
    if not total:
        known, total = {}, 1
    # Multiplied by the number of known ads, which makes their mean a whole number.
    whole = {ad: known[ad] * len(known) if ad in known else total for ad in counts}
    parts = lcm(*counts.values())
    return [whole[ad] * (parts // counts[ad]) for ad in ads]
