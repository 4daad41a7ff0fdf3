"""Touches: which hits are clicks and views, and which ad a touch is. Pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
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
#: What is longer than this is cut: names of ads are rows of reports.
MAX_TAG = 200


class MatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """Globs over a touch's utm tags and its network; an empty one matches anything. All must match."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""

    def matches(self, touch: Touch) -> bool:
        """Whether every glob of the rule matches the touch; a rule without any matches nothing."""
        wanted = [(pattern, getattr(touch, name)) for name in UTM_TAGS if (pattern := getattr(self, name))]
        if self.network:
            wanted.append((self.network, CLICK_IDS.get(touch.network, "")))
        return bool(wanted) and all(fnmatchcase(value, pattern) for pattern, value in wanted)


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
            found["network"], found["click_id"] = name, value[:MAX_TAG]
    return found


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


def name_touch(touch: Touch, ads: Iterable[Ad]) -> AdName:
    """Which ad a touch is, by the present configuration: the first ad with its key or, without one, a matching rule."""
    for ad in ads:
        if ad.key == touch.ad or (not touch.ad and any(rule.matches(touch) for rule in ad.rules)):
            return AdName(ad.key, ad.campaign, True)
    return AdName(fallback_name(touch), touch.campaign, False)
