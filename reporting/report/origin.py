"""Origin: the name of an ad in cells -> its source, medium and network. Pure.

Cells keep an ad's name, and not the tags of its touches. A name that was made of utm tags is taken apart again; a
configured ad has what its match rules demand.
"""

from collections.abc import Iterable
from typing import NamedTuple

from conversions.facts.ad_names import OTHER
from conversions.rules.ads import CLICK_IDS, Ad
from reporting.figures.cells import Named

#: The value of a key that an ad doesn't have.
NONE = "(none)"
NETWORKS = frozenset(CLICK_IDS.values())


class Origin(NamedTuple):
    """The source, the medium and the network of an ad."""

    source: str = NONE
    medium: str = NONE
    network: str = NONE


class Origins:
    """The origins of a site's ads, configured or not."""

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._configured = {ad.key: demanded(ad) for ad in ads}

    def of(self, ad: Named) -> Origin:
        """The origin of an ad."""
        name, campaign, configured = ad
        return self._configured.get(name, Origin()) if configured else named_origin(name, campaign)


def demanded(ad: Ad) -> Origin:
    """What all match rules of an ad demand in the same words, without a wildcard."""
    return Origin(*(_common({getattr(rule, field) for rule in ad.rules}) for field in Origin._fields))


def _common(globs: set[str]) -> str:
    glob = globs.pop() if len(globs) == 1 else ""
    return glob if glob and not set(glob) & set("*?") else NONE


def named_origin(name: str, campaign: str) -> Origin:
    """Take apart the name of an unconfigured ad: `source/medium/campaign/content`, or a network.

    Tags that were absent are not in the name. With a campaign, what stands before it is the source and the medium.
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
    """The part of a name before its campaign. If the name doesn't contain the campaign, a hit gave the name, and it has
    no tags."""
    if not campaign:
        return name
    head, found, _ = f"/{name}/".partition(f"/{campaign}/")
    return head[1:] if found else ""
