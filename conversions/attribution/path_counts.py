"""Path counts: how many paths had certain ads in a certain order, and how many of these paths converted. The
data-driven models learn from these counts. Pure.

This module also weighs touches. Weights are whole numbers. They are the same on every machine and for any order of the
paths.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import lcm
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.facts.ad_names import AdName


class PathCount(msgspec.Struct, frozen=True, order=True):
    """How many paths had exactly these ads in this order, with and without a conversion at the end."""

    ads: tuple[str, ...]
    converted: int
    unconverted: int

    @property
    def total(self) -> int:
        """The number of these paths, with a conversion or without."""
        return self.converted + self.unconverted


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a month's traffic the data-driven models learnt from, and how much was left out."""

    one_in: Annotated[
        int, Meta(description="Of every `one_in` persons, one was used. 1 means that everybody was used.")
    ] = 1
    conversions: Annotated[int, Meta(description="The number of conversions of the goal that count in the month.")] = 0
    with_touches: Annotated[
        int, Meta(description="How many of these conversions have touches that may earn credit.")
    ] = 0
    cut: Annotated[int, Meta(description="The number of paths of which only the newest 50 steps were used.")] = 0
    other_ads: Annotated[
        int, Meta(description="The number of ads that have the common name `(other)`, because only 100 ads are named.")
    ] = 0
    left_out: Annotated[
        int,
        Meta(
            description="The number of different paths that are left out, because only the 10,000 most frequent"
            " are used."
        ),
    ] = 0
    left_out_converted: Annotated[int, Meta(description="How often the left out paths ended with a conversion.")] = 0
    left_out_unconverted: Annotated[
        int, Meta(description="How often the left out paths ended without a conversion.")
    ] = 0
    many_ads_converted: Annotated[
        int, Meta(description="The number of paths with a conversion and more than 12 ads. They are not in `sets`.")
    ] = 0
    many_ads_unconverted: Annotated[
        int,
        Meta(description="The number of paths without a conversion and with more than 12 ads. They are not in `sets`."),
    ] = 0
    many_campaigns_converted: Annotated[
        int,
        Meta(
            description="The number of paths with a conversion and more than 12 campaigns. They are not in"
            " `campaign_sets`."
        ),
    ] = 0
    many_campaigns_unconverted: Annotated[
        int,
        Meta(
            description="The number of paths without a conversion and with more than 12 campaigns. They are not in"
            " `campaign_sets`."
        ),
    ] = 0


class Inputs(msgspec.Struct, frozen=True):
    """The data from which the data-driven models learn. `paths`: the counted paths, in which each ad is written as its
    label (see `label_of`). `ads`: label -> ad."""

    paths: list[PathCount]
    ads: dict[str, AdName]
    coverage: Coverage


def label_of(name: AdName) -> str:
    """Return the label that stands for an ad in paths. For a configured ad this is its key. For any other ad it is the
    ad's name, a line break and the campaign.

    Different ads have different labels, because a key has no line break. A label is never empty.
    """
    return name.ad if name.configured else f"{name.ad}\n{name.campaign}"


def add_up_equal(paths: Iterable[PathCount]) -> list[PathCount]:
    """Add up the counts of equal paths, and sort the paths by their ads. Paths without ads are left out."""
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for path in paths:
        if path.ads and path.total:
            sums[path.ads][0] += path.converted
            sums[path.ads][1] += path.unconverted
    return [PathCount(ads, *counts) for ads, counts in sorted(sums.items())]


def touch_weights(ads: Sequence[str], worth: Mapping[str, int]) -> list[int]:
    """Return the weight of each touch of a path, from the worth of its ad. `ads`: the ad of each touch. `worth`: ad ->
    its worth.

    All touches of an ad share the ad's worth evenly. An ad that is not in `worth`, for example because it is new, gets
    the mean worth of those ads of the path that are. If no ad of the path has any worth, all ads weigh the same.
    """
    counts = Counter(ads)
    known = {ad: worth[ad] for ad in counts if ad in worth}
    total = sum(known.values())
    if not total:
        known, total = {}, 1
    # All worths are multiplied by the number of known ads. The mean of the known ads is then a whole number.
    whole = {ad: known[ad] * len(known) if ad in known else total for ad in counts}
    parts = lcm(*counts.values())
    return [whole[ad] * (parts // counts[ad]) for ad in ads]
