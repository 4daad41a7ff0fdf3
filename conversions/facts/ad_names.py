"""Ad names: finds the name of a touch's ad in reports, from the touch's raw parameters and the configured ads. Pure."""

from collections.abc import Iterable

import msgspec

from conversions.facts.records import Touch
from conversions.rules.ads import CLICK_IDS, Ad
from conversions.rules.globs import is_like


class AdName(msgspec.Struct, frozen=True, order=True):
    """The name of an ad in reports. `configured`: whether the account has configured the ad.

    `campaign`: the key of the campaign of a configured ad; for any other ad, the touch's `utm_campaign`.
    """

    ad: str
    campaign: str
    configured: bool


#: An AdName as a tuple: the ad's name, its campaign, and whether it is configured.
Named = tuple[str, str, bool]
#: The name of all unconfigured ads that have no row of their own. An hour's figures have rows for the largest
#: unconfigured ads. Live counters have rows for configured ads only.
OTHER = AdName("(other)", "(other)", False)


def fallback_name(touch: Touch) -> str:
    """Return a name for the ad of a touch that belongs to no configured ad. The name is the ad that the hit names; else
    the utm tags, such as `google/cpc/sale`; else the ad network; else `(none)`."""
    tags = [tag for tag in (touch.source, touch.medium, touch.campaign, touch.content) if tag]
    return touch.ad or "/".join(tags) or CLICK_IDS.get(touch.network, "") or "(none)"


def matched_values(touch: Touch) -> tuple[str, ...]:
    """List the values of a touch with which match rules are compared: the utm tags in the order of UTM_TAGS, then the
    ad network."""
    network = CLICK_IDS.get(touch.network, "")
    return touch.source, touch.medium, touch.campaign, touch.content, touch.term, network


class AdNames:
    """Finds the configured ad to which each touch belongs.

    If a touch names an ad by its key, it belongs to this ad, and match rules are not tried. Otherwise it belongs to the
    first ad that has a matching rule. Results are remembered by the touch's parameters, because a site may have many
    ads and a bucket many touches.
    """

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._by_key: dict[str, AdName] = {}
        self._rules: list[tuple[AdName, list[tuple[int, str]]]] = []
        self._known: dict[tuple[str, ...], AdName] = {}
        for ad in ads:
            name = self._by_key.setdefault(ad.key, AdName(ad.key, ad.campaign, True))
            self._rules.extend((name, patterns) for rule in ad.rules if (patterns := rule.patterns()))

    def name(self, touch: Touch) -> AdName:
        """Return the name of a touch's ad. If the touch belongs to no configured ad, see `fallback_name`."""
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
    """Return the name of one touch's ad. If there are many touches, make one AdNames for all of them."""
    return AdNames(ads).name(touch)
