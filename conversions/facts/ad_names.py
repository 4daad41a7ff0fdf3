"""Ad names: a touch's raw parameters and the present ads -> the ad's name in reports. Pure."""

from collections.abc import Iterable

import msgspec

from conversions.facts.records import Touch
from conversions.rules.ads import CLICK_IDS, Ad
from conversions.rules.globs import is_like


class AdName(msgspec.Struct, frozen=True, order=True):
    """The name of a touch's ad in reports. `configured`: whether the account has such an ad. `campaign` is the key of a
    configured ad's campaign; otherwise it is the touch's utm campaign."""

    ad: str
    campaign: str
    configured: bool


#: The name that unconfigured ads share: in a bucket's figures all but the largest of them, in live counters all.
OTHER = AdName("(other)", "(other)", False)


def fallback_name(touch: Touch) -> str:
    """The name of a touch that no configured ad matches: the ad that the hit names; else the utm tags; else the
    network."""
    tags = [tag for tag in (touch.source, touch.medium, touch.campaign, touch.content) if tag]
    return touch.ad or "/".join(tags) or CLICK_IDS.get(touch.network, "") or "(none)"


def matched_values(touch: Touch) -> tuple[str, ...]:
    """The values that match rules compare: the utm tags in the order of UTM_TAGS, then the network."""
    network = CLICK_IDS.get(touch.network, "")
    return touch.source, touch.medium, touch.campaign, touch.content, touch.term, network


class AdNames:
    """Names the ads of touches by the present configuration.

    A touch that names an ad belongs to the ad with this key; the match rules are not tried. A touch that names none
    belongs to the first ad that has a matching rule. Touches with the same parameters are matched once, because a site
    may have many ads and a bucket many touches.
    """

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._by_key: dict[str, AdName] = {}
        self._rules: list[tuple[AdName, list[tuple[int, str]]]] = []
        self._known: dict[tuple[str, ...], AdName] = {}
        for ad in ads:
            name = self._by_key.setdefault(ad.key, AdName(ad.key, ad.campaign, True))
            self._rules.extend((name, patterns) for rule in ad.rules if (patterns := rule.patterns()))

    def name(self, touch: Touch) -> AdName:
        """The name of the configured ad to which a touch belongs. If there is none, the name is made of the touch's own
        parameters."""
        values = matched_values(touch)
        known = self._known.get((touch.ad, *values))
        if known is None:
            known = self._by_key.get(touch.ad) if touch.ad else self._by_rules(values)
            known = known or AdName(fallback_name(touch), touch.campaign, False)
            self._known[touch.ad, *values] = known
        return known

    def _by_rules(self, values: tuple[str, ...]) -> AdName | None:
        for name, patterns in self._rules:
            if all(is_like(values[place], glob) for place, glob in patterns):
                return name
        return None


def name_touch(touch: Touch, ads: Iterable[Ad]) -> AdName:
    """Name one touch's ad. To name many touches, make AdNames once."""
    return AdNames(ads).name(touch)
