"""What the data-driven models learn of a goal's month, again: paths counted in plain lines, weights as fractions."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from conversions.attribution.markov import fit_chain
from conversions.attribution.path_counts import PathCount
from conversions.attribution.shapley import fit_rates, shapley_values
from conversions.facts.ad_names import name_touch
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import day_of

#: What the ads of a path, in order, weigh under each model.
Weights = dict[str, list[Fraction]]


def names_of(path: Iterable[Touch], site: SiteConfig) -> tuple[str, ...]:
    found = [name_touch(touch, site.ads) for touch in path]
    return tuple(name.ad if name.configured else f"{name.ad}\n{name.campaign}" for name in found)


def own_touches(touches: Iterable[Touch], site: SiteConfig, month: str) -> list[Touch]:
    """Those of a month, without a stand-in's click that a landing page has filed, too."""
    landed = {(touch.hit, touch.bucket) for touch in touches if touch.landed}
    mine = [touch for touch in touches if day_of(touch.at, site.timezone).startswith(month)]
    return [touch for touch in mine if touch.landed or (touch.hit, touch.bucket) not in landed]


def unbeaten(path: list[Touch]) -> list[Touch]:
    """The path without the views that a click beats."""
    return [touch for touch in path if touch.kind == "click"] or path


def learnt_weights(
    converted: list[tuple[str, ...]], unconverted: list[tuple[str, ...]], path: tuple[str, ...]
) -> Weights:
    """Nothing is learnt where no path converted: every touch weighs the same."""
    counts = [PathCount(ads, 1, 0) for ads in converted] + [PathCount(ads, 0, 1) for ads in unconverted]
    if not any(converted):
        return {model: [Fraction(1)] * len(path) for model in ("markov", "shapley")}
    players, rated = sorted(set(path)), fit_rates(counts, {}).ads
    added = {player: max(value, 0) for player, value in zip(players, shapley_values(players, rated), strict=True)}
    seen = {ad: worth for ad, worth in added.items() if any(ad in other for other in [*converted, *unconverted])}
    return {"markov": shared(path, fit_chain(counts).removal), "shapley": shared(path, seen)}


def shared(path: tuple[str, ...], worth: dict[str, int]) -> list[Fraction]:
    """An ad's worth, or the mean of the others', or the same for all, shared by its touches."""
    known = [worth[ad] for ad in set(path) if ad in worth]
    mean = Fraction(sum(known), len(known)) if sum(known) else None
    times = Counter(path)
    return [Fraction(worth.get(ad, mean) if mean else 1) / times[ad] for ad in path]
