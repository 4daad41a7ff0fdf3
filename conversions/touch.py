"""Touches: which hits are clicks and views, and which ad a touch is. Pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

import msgspec

from conversions.facts import Touch, TouchKind
from tracker.hit import Hit

#: Click id parameters and the networks that set them.
CLICK_IDS = {
    "gclid": "google-ads",
    "gbraid": "google-ads",
    "wbraid": "google-ads",
    "dclid": "google-marketing-platform",
    "fbclid": "meta-ads",
    "msclkid": "microsoft-ads",
    "ttclid": "tiktok-ads",
    "li_fat_id": "linkedin-ads",
    "twclid": "x-ads",
}
UTM_TAGS = ("source", "medium", "campaign", "content", "term")
#: A tag that is longer than this is cut: names of ads are rows of reports.
MAX_TAG = 200


class MatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """Globs over a touch's utm tags and its network; an empty one matches anything. All must match."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""

    def patterns(self) -> list[tuple[int, str]]:
        """Its globs, each with the place in `matched_values` that it looks at; a rule without any matches nothing."""
        return [(place, glob) for place, name in enumerate((*UTM_TAGS, "network")) if (glob := getattr(self, name))]


class Ad(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid for: its key, its campaign's key and the rules by which touches are its own."""

    key: str
    campaign: str
    rules: tuple[MatchRule, ...] = ()


class AdName(msgspec.Struct, frozen=True, order=True):
    """What a report calls a touch's ad. `campaign` is the configured one's key, else the touch's utm campaign."""

    ad: str
    campaign: str
    configured: bool


#: What is beyond the named ads of a bucket.
OTHER = AdName("(other)", "(other)", False)


def campaign_parameters(url: str) -> dict[str, str]:
    """The utm tags (by their short names), network and click id of an address, those that it has."""
    if "utm_" not in url and not any(name in url for name in CLICK_IDS):
        return {}
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return {}
    found = {}
    for name, value in reversed(pairs):  # the first of several counts
        if name.startswith("utm_") and name[4:] in UTM_TAGS:
            found[name[4:]] = value[:MAX_TAG]
        elif name in CLICK_IDS:
            found["network"], found["click_id"] = name, click_id_of(value)
    return found


def click_id_of(value: str) -> str:
    """A click id as it is kept. A long one is not cut but ends in its digest: those of one network begin alike."""
    if len(value) <= MAX_TAG:
        return value
    return value[: MAX_TAG - 32] + blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def touch_kind(hit: Hit, parameters: dict[str, str]) -> TouchKind | None:
    """Whether a hit is a click or a view: by its type, or a page whose address carries campaign parameters."""
    if hit.type == "click" or hit.type == "view":
        return hit.type
    return "click" if hit.type == "page" and parameters else None


def touch_of(hit: Hit) -> Touch | None:
    """The touch that a hit makes, None if it makes none."""
    if hit.type not in ("page", "click", "view"):
        return None
    parameters = campaign_parameters(hit.url)
    kind = touch_kind(hit, parameters)
    if kind is None:
        return None
    ad = hit.ad if hit.type != "page" else ""
    return Touch(site=hit.site, visitor=hit.visitor, kind=kind, at=hit.at, hit=hit.id, ad=ad, **parameters)  # type: ignore[arg-type]


def fallback_name(touch: Touch) -> str:
    """The name of a touch that no configured ad matches: the ad given, else the utm tags, else the network."""
    tags = [tag for tag in (touch.source, touch.medium, touch.campaign, touch.content) if tag]
    return touch.ad or "/".join(tags) or CLICK_IDS.get(touch.network, "") or "(none)"


def matched_values(touch: Touch) -> tuple[str, ...]:
    """What match rules look at: the utm tags in the order of UTM_TAGS, then the network."""
    network = CLICK_IDS.get(touch.network, "")
    return touch.source, touch.medium, touch.campaign, touch.content, touch.term, network


class AdNames:
    """Which ad a touch is, by the present configuration: the first ad with its key or, without one, a matching rule.

    Touches with the same parameters are matched once: a site may have many ads and a bucket many touches.
    """

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._by_key: dict[str, AdName] = {}
        self._rules: list[tuple[AdName, list[tuple[int, str]]]] = []
        self._known: dict[tuple[str, ...], AdName] = {}
        for ad in ads:
            name = self._by_key.setdefault(ad.key, AdName(ad.key, ad.campaign, True))
            self._rules.extend((name, patterns) for rule in ad.rules if (patterns := rule.patterns()))

    def name(self, touch: Touch) -> AdName:
        """The configured ad, else a name made of the touch's own parameters."""
        values = matched_values(touch)
        known = self._known.get((touch.ad, *values))
        if known is None:
            known = self._by_key.get(touch.ad) if touch.ad else self._by_rules(values)
            known = known or AdName(fallback_name(touch), touch.campaign, False)
            self._known[touch.ad, *values] = known
        return known

    def _by_rules(self, values: tuple[str, ...]) -> AdName | None:
        for name, patterns in self._rules:
            if all(fnmatchcase(values[place], glob) for place, glob in patterns):
                return name
        return None


def name_touch(touch: Touch, ads: Iterable[Ad]) -> AdName:
    """What AdNames calls one touch; for many, make AdNames once."""
    return AdNames(ads).name(touch)
