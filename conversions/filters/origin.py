"""Origin: finds the source, medium and network of an ad. Pure.

A report's cells contain the names of ads, and not the utm tags of touches. The name of an unconfigured ad was made from
its utm tags. Therefore source and medium are read from this name. For a configured ad, the match rules name source,
medium and network.
"""

from collections.abc import Iterable
from typing import NamedTuple

from conversions.facts.ad_names import OTHER, Named
from conversions.rules.ads import CLICK_IDS, Ad

#: The value of a key for which an ad has no value.
NONE = "(none)"
NETWORKS = frozenset(CLICK_IDS.values())


class Origin(NamedTuple):
    """The source, medium and network of an ad, such as ("google", "cpc", "(none)")."""

    source: str = NONE
    medium: str = NONE
    network: str = NONE


class Origins:
    """Finds the source, medium and network of the ads of a site."""

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._configured = {ad.key: demanded(ad) for ad in ads}

    def of(self, ad: Named) -> Origin:
        """Return the source, medium and network of an ad of the site."""
        name, campaign, configured = ad
        return self._configured.get(name, Origin()) if configured else named_origin(name, campaign)


def demanded(ad: Ad) -> Origin:
    """Return the source, medium and network that the match rules of a configured ad demand. If the rules demand
    different values of one of them, or a value with a wildcard, it is (none)."""
    return Origin(*(_common({getattr(rule, field) for rule in ad.rules}) for field in Origin._fields))


def _common(globs: set[str]) -> str:
    glob = globs.pop() if len(globs) == 1 else ""
    return glob if glob and not set(glob) & set("*?") else NONE


def named_origin(name: str, campaign: str) -> Origin:
    """Read the source, medium and network from the name of an unconfigured ad: "google/cpc/spring/banner" has source
    google and medium cpc. The name may also be a network alone.

    A missing tag is left out of the name. If the ad has a campaign, only the tags before the campaign are source and
    medium.
    """
    if name == OTHER.ad:
        return Origin(OTHER.ad, OTHER.ad, OTHER.ad)
    if name == NONE:
        return Origin()
    if name in NETWORKS:
        return Origin(network=name)
    source, _, rest = before(name, campaign).partition("/")
    return Origin(source or NONE, rest.partition("/")[0] or NONE)


def before(name: str, campaign: str) -> str:
    """Return the part of an ad's name before its campaign: before("google/cpc/spring", "spring") is "google/cpc". If
    the name doesn't contain the campaign, it isn't made of tags, and the result is ""."""
    if not campaign:
        return name
    head, found, _ = f"/{name}/".partition(f"/{campaign}/")
    return head[1:] if found else ""
