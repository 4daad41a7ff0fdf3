"""Fit answer: the structs of the API's answer about a fit, which is what the data-driven models learnt about one goal
from one month. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.attribution.path_counts import Coverage
from conversions.units.formats import Amount, Instant, Month


class FitPaths(msgspec.Struct, frozen=True):
    """The number of paths in a month. A path is the sequence of ads that a person clicked or saw."""

    distinct: int
    converted: Annotated[int, Meta(description="The number of paths that end with a conversion.")]
    unconverted: Annotated[int, Meta(description="The number of paths of persons without a conversion in the month.")]


class FitAd(msgspec.Struct, frozen=True, kw_only=True):
    """An ad of a fit. `removal_effect`: the part of the conversions that would be lost without the ad, by the Markov
    model. `share`: its part of the sum of all removal effects."""

    name: Annotated[str, Meta(description="The ad's name, as in the other lists.")]
    ad: str
    campaign: str | None
    configured: bool
    removal_effect: Annotated[
        str, Meta(description="The part of conversions that would be lost without the ad, with nine decimals.")
    ]
    share: Amount


class FitTransition(msgspec.Struct, frozen=True, kw_only=True):
    """How often, in the paths of a month, one ad was followed by another ad or by the end of the path. A path begins
    with the state `(start)`."""

    origin: Annotated[str, Meta(description="`(start)` or an ad's name.")] = msgspec.field(name="from")
    target: Annotated[str, Meta(description="An ad's name, `(conversion)` or `(null)`.")] = msgspec.field(name="to")
    count: int
    chance: Amount


class FitSet(msgspec.Struct, frozen=True, kw_only=True):
    """How many paths contain exactly these ads (or campaigns), and how many of them led to a conversion."""

    names: list[str]
    paths: int
    converted: int
    rate: Amount


class FitLeftOut(msgspec.Struct, frozen=True):
    """How many sets of ads, and how many sets of campaigns, the answer leaves out because it has a limit."""

    sets: int
    campaign_sets: int


class FitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A fit: what the data-driven models learnt about one goal from one month."""

    site: str
    goal: str
    month: Annotated[
        Month,
        Meta(description="The month from which the models learn. Its fit divides the conversions of the next month."),
    ]
    timezone: str
    made_at: Instant
    fingerprint: Annotated[
        str,
        Meta(
            description="A digest of everything on which weights depend. Fits with the same fingerprint give the"
            " same weights."
        ),
    ]
    usable: Annotated[
        bool, Meta(description="Whether any path led to a conversion. If none did, every touch gets the same credit.")
    ]
    paths: FitPaths
    coverage: Coverage
    ads: list[FitAd]
    transitions: list[FitTransition]
    sets: Annotated[
        list[FitSet],
        Meta(description="How often paths of exactly these ads, in any order, converted: Shapley's coalitions."),
    ]
    campaign_sets: Annotated[list[FitSet], Meta(description="The same as `sets`, by campaign.")]
    left_out: Annotated[
        FitLeftOut, Meta(description="The number of sets that are not listed, because at most 1,000 are.")
    ]
