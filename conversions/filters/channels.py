"""Channels: finds the channel of an ad, such as paid search, and lists all channels of a site. Pure."""

from functools import lru_cache

from conversions.facts.ad_names import OTHER, Named
from conversions.filters.origin import NONE, Origin
from conversions.rules.channels import OTHER_CHANNEL, TABLE, channel_of
from conversions.rules.site import SiteConfig


class Channels:
    """Finds the channels of a site's ads. The channel of an ad is the one that the ad or its campaign names. If neither
    names one, the first matching rule of the site decides; if none matches, the table that all sites share."""

    def __init__(self, site: SiteConfig) -> None:
        #: The channel of an origin. The number of cached origins is bounded, because they come from outside.
        self._channel_of = lru_cache(4_096)(lambda origin: _channel(origin, site))
        self._chosen = {ad.key: ad.channel for ad in site.ads if ad.channel}

    def of(self, ad: Named, origin: Origin) -> str:
        """Return the channel of an ad with this origin. The ad `(other)` stands for many small ads; its channel is
        `(other)` too."""
        if ad[2] and ad[0] in self._chosen:
            return self._chosen[ad[0]]
        if (ad[0], ad[2]) == (OTHER.ad, False):
            return OTHER.ad
        return self._channel_of(origin)


def _channel(origin: Origin, site: SiteConfig) -> str:
    source, medium, network = ("" if value == NONE else value for value in origin)
    return channel_of(source, medium, network, site.channels)


def channels_of(site: SiteConfig) -> list[str]:
    """Return the names of all channels that an ad of the site may have, sorted."""
    table = (rule.channel for rule in (*TABLE, *site.channels))
    return sorted({*table, *(ad.channel for ad in site.ads if ad.channel), OTHER_CHANNEL, OTHER.ad})
