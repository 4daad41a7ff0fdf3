"""Fits as they are shown: what a month taught of a goal -> its transition matrix, removal effects and rates. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.attribution.fit import Fitted, SetCount
from conversions.attribution.markov import BILLION
from conversions.attribution.path_counts import Coverage
from conversions.facts.ad_names import AdName
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount, Instant, Month
from conversions.units.micros import six_places
from tracker.collection.hit import iso

#: What the states beside the ads are called.
START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
#: The most sets of ads, and of campaigns, that are shown. Those with the most paths come first.
MAX_SETS = 1_000
MICROS = 1_000_000


class FitPaths(msgspec.Struct, frozen=True):
    """The paths of a month."""

    distinct: int
    converted: Annotated[int, Meta(description="Paths at whose end was a conversion.")]
    unconverted: Annotated[int, Meta(description="Paths of persons without a conversion in the month.")]


class FitAd(msgspec.Struct, frozen=True, kw_only=True):
    """An ad, and what Markov makes of it."""

    name: Annotated[str, Meta(description="As the other lists call it.")]
    ad: str
    campaign: str | None
    configured: bool
    removal_effect: Annotated[
        str, Meta(description="The part of conversions that goes missing without the ad, with nine places.")
    ]
    share: Amount


class FitTransition(msgspec.Struct, frozen=True, kw_only=True):
    """How often paths went from one state to another."""

    origin: Annotated[str, Meta(description="`(start)` or an ad's name.")] = msgspec.field(name="from")
    target: Annotated[str, Meta(description="An ad's name, `(conversion)` or `(null)`.")] = msgspec.field(name="to")
    count: int
    chance: Amount


class FitSet(msgspec.Struct, frozen=True, kw_only=True):
    """How often paths by exactly these ads or campaigns converted."""

    names: list[str]
    paths: int
    converted: int
    rate: Amount


class FitLeftOut(msgspec.Struct, frozen=True):
    """How many sets there are beyond those that are listed."""

    sets: int
    campaign_sets: int


class FitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a month taught the data-driven models of a goal."""

    site: str
    goal: str
    month: Annotated[Month, Meta(description="It weighs the conversions of the month after it.")]
    timezone: str
    made_at: Instant
    fingerprint: Annotated[str, Meta(description="Of all that weights are made of: equal ones, equal weights.")]
    usable: Annotated[bool, Meta(description="Whether any path led to a conversion; if not, credit is even.")]
    paths: FitPaths
    coverage: Coverage
    ads: list[FitAd]
    transitions: list[FitTransition]
    sets: Annotated[
        list[FitSet],
        Meta(description="How often paths by just these ads, in any order, converted: Shapley's coalitions."),
    ]
    campaign_sets: Annotated[list[FitSet], Meta(description="The same by campaign, for paths of more than 12 ads.")]
    left_out: Annotated[FitLeftOut, Meta(description="Beyond the 1,000 that are listed.")]


def describe_fit(fitted: Fitted, site: SiteConfig, goal: str, month: str) -> FitAnswer:
    """All that a goal's fit says, in names; `goal` is its key."""
    names = names_of(fitted.ads)
    sets, sets_left_out = _sets(fitted.sets, names)
    campaign_sets, campaigns_left_out = _sets(fitted.campaign_sets, [name.strip() for name in fitted.campaigns])
    return FitAnswer(
        site=site.key,
        goal=goal,
        month=month,
        timezone=site.timezone,
        made_at=iso(fitted.made_at),
        fingerprint=fitted.fingerprint,
        usable=fitted.converted > 0,
        paths=FitPaths(fitted.paths, fitted.converted, fitted.unconverted),
        coverage=fitted.coverage,
        ads=_ads(fitted, names),
        transitions=_transitions(fitted, names),
        sets=sets,
        campaign_sets=campaign_sets,
        left_out=FitLeftOut(sets_left_out, campaigns_left_out),
    )


def names_of(ads: Sequence[AdName]) -> list[str]:
    """The ads as reports' rows call them; an unconfigured one that is called like another state, with its campaign."""
    times = Counter([START, CONVERSION, NULL, *(name.ad for name in ads)])
    return [
        name.ad if name.configured or times[name.ad] == 1 else f"{name.ad} [{name.campaign or 'no campaign'}]"
        for name in ads
    ]


def _ads(fitted: Fitted, names: Sequence[str]) -> list[FitAd]:
    total = sum(fitted.removal)
    return [
        FitAd(
            name=name,
            ad=ad.ad,
            campaign=ad.campaign or None,
            configured=ad.configured,
            removal_effect=f"{effect // BILLION}.{effect % BILLION:09}",
            share=_part(effect, total),
        )
        for name, ad, effect in zip(names, fitted.ads, fitted.removal, strict=True)
    ]


def _transitions(fitted: Fitted, names: Sequence[str]) -> list[FitTransition]:
    states = [START, *names, CONVERSION, NULL]
    leaving: Counter[int] = Counter()
    for origin, _, count in fitted.transitions:
        leaving[origin] += count
    return [
        FitTransition(origin=states[origin], target=states[target], count=count, chance=_part(count, leaving[origin]))
        for origin, target, count in fitted.transitions
    ]


def _sets(counts: Iterable[SetCount], players: Sequence[str]) -> tuple[list[FitSet], int]:
    """The sets with most paths, and how many others there are."""
    ordered = sorted(counts, key=lambda one: (-one.total, one.players))
    shown = [
        FitSet(
            names=[players[n] for n in one.players],
            paths=one.total,
            converted=one.converted,
            rate=_part(one.converted, one.total),
        )
        for one in ordered[:MAX_SETS]
    ]
    return shown, max(len(ordered) - MAX_SETS, 0)


def _part(part: int, whole: int) -> Amount:
    return six_places(round(Fraction(part * MICROS, whole)) if whole else 0)
