"""Channels: finds the channel of an ad, such as paid search, and lists all channels of a site. Pure."""

from functools import lru_cache

from conversions.facts.ad_names import OTHER, Named
from conversions.filters.origin import NONE, Origin
from conversions.rules.channels import OTHER_CHANNEL, TABLE, channel_of
from conversions.rules.site import SiteConfig


class Channels:
    """Finds the channels of a site's ads. If an ad or its campaign names a channel, this is the ad's channel. Otherwise
    the first row that matches decides: first the site's own rows are tried, then the table that all sites share."""

    def __init__(self, site: SiteConfig) -> None:
        #: Origin -> channel. The number of cached origins is bounded, because anybody can send new origins.
        self._channel_of = lru_cache(4_096)(lambda origin: _channel(origin, site))
        self._chosen = {ad.key: ad.channel for ad in site.ads if ad.channel}

    def of(self, ad: Named, origin: Origin) -> str:
        """Return the channel of an ad with this origin. The ad `(other)` stands for many small ads. Its channel is also
        `(other)`."""
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
