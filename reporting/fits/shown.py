"""Shown: converts a goal's fit of a month to the API's answer: transitions between ads, removal effects, and how often
sets of ads led to a conversion. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from conversions.attribution.fit import Fitted, SetCount
from conversions.attribution.markov import BILLION
from conversions.facts.ad_names import AdName
from conversions.rules.site import SiteConfig
from conversions.units.formats import Amount
from conversions.units.micros import six_places
from reporting.fits.fit_answer import FitAd, FitAnswer, FitLeftOut, FitPaths, FitSet, FitTransition
from tracker.collection.hit import iso

#: The names of states of the Markov chain that are no ads.
START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
#: The most sets of ads, and of campaigns, that are shown: those with most paths.
MAX_SETS = 1_000
MICROS = 1_000_000


def describe_fit(fitted: Fitted, site: SiteConfig, goal: str, month: str) -> FitAnswer:
    """Convert a fit to the API's answer, with names of ads instead of indexes. `goal` is the goal's key."""
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
    """Return the names of the ads as in the rows of reports. If an unconfigured ad has the same name as another ad, its
    campaign is added: "banner [spring]"."""
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
    """Return the MAX_SETS sets of ads that have the most paths, and the number of sets that are left out."""
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
