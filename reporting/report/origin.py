"""Origin: finds the source, medium and network of an ad from its name. Pure.

Cells have an ad's name, but not the tags of its touches. A name that was made of utm tags is split again; for a
configured ad its match rules say them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from conversions.facts.ad_names import OTHER
from conversions.rules.ads import CLICK_IDS, Ad
from reporting.figures.cells import Named

#: The value of a key for which an ad has no value.
NONE = "(none)"
NETWORKS = frozenset(CLICK_IDS.values())


class Origin(NamedTuple):
    """The source, the medium and the network of an ad."""

    source: str = NONE
    medium: str = NONE
    network: str = NONE


class Origins:
    """The source, medium and network of each ad of a site."""

    def __init__(self, ads: Iterable[Ad]) -> None:
        self._configured = {ad.key: demanded(ad) for ad in ads}

    def of(self, ad: Named) -> Origin:
        """Return the source, medium and network of an ad."""
        name, campaign, configured = ad
        return self._configured.get(name, Origin()) if configured else named_origin(name, campaign)


def demanded(ad: Ad) -> Origin:
    """Return the source, medium and network that all match rules of an ad demand, if they are the same and without
    wildcards."""
    return Origin(*(_common({getattr(rule, field) for rule in ad.rules}) for field in Origin._fields))


def _common(globs: set[str]) -> str:
    glob = globs.pop() if len(globs) == 1 else ""
    return glob if glob and not set(glob) & set("*?") else NONE


def named_origin(name: str, campaign: str) -> Origin:
    """Return the origin of an unconfigured ad from its name: `source/medium/campaign/content`, or a network.

    Absent tags are missing in the name. If there is a campaign, only what comes before it is source and medium.
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
    """Return the part of an ad's name before its campaign; "" if the name doesn't contain the campaign: a hit then gave
    the name."""
    if not campaign:
        return name
    head, found, _ = f"/{name}/".partition(f"/{campaign}/")
    return head[1:] if found else ""
