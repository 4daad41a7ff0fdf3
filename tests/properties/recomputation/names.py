"""Names: the ad of a touch. Rules: `docs/models.md`, Names of ads."""

from collections.abc import Iterable
from typing import NamedTuple

from tests.properties.recomputation.globs import is_like
from tests.properties.recomputation.records import Ad, Plain, Touch

NETWORKS = {
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


class Name(NamedTuple):
    """The name of an ad. A configured ad has only a key; any other ad also has its utm campaign."""

    ad: str
    campaign: str | None = None


#: The ads of a path's touches, in order.
Path = tuple[Name, ...]


def name_of(touch: Touch, ads: Iterable[Ad]) -> Name:
    """Return the name of the configured ad that the touch names. If the touch names no ad, return the name of the first
    ad with a matching rule. If there is no such ad, return the touch's own name."""
    found = [ad for ad in ads if (ad.key == touch.ad if touch.ad else any(matches(rule, touch) for rule in ad.rules))]
    return Name(found[0].key) if found else Name(said_by(touch), touch.campaign)


def matches(rule: Plain, touch: Touch) -> bool:
    """Whether all globs of a rule match. A rule without globs matches nothing."""
    values = vars(touch) | {"network": NETWORKS.get(touch.network, "")}
    globs = {field: glob for field, glob in rule.items() if glob}
    return bool(globs) and all(is_like(glob, values[field]) for field, glob in globs.items())


def said_by(touch: Touch) -> str:
    """Return the touch's own name: the ad that it names. Without an ad, the name is made of the utm tags; without
    these, it is the network."""
    tags = "/".join(tag for tag in (touch.source, touch.medium, touch.campaign, touch.content) if tag)
    return touch.ad or tags or NETWORKS.get(touch.network, "(none)")
