"""Channels: finds the channel of an ad, such as `paid_search`, from the ad's source, medium and network. Pure.

Channels are found in a table: the first row that matches decides. A site's own rows come before the built-in table.
"""

import msgspec

from conversions.rules.globs import is_like

PAID = ("cpc", "ppc", "cpm", "cpv", "cpa", "paid", "paid*", "ad", "ads")
SEARCH_ENGINES = (
    *("google*", "bing*", "yahoo*", "duckduckgo*", "ecosia*", "baidu*", "yandex*", "qwant*", "startpage*", "naver*"),
    "brave*",
)
SOCIAL_NETWORKS = (
    *("facebook*", "fb", "instagram*", "ig", "meta", "tiktok*", "linkedin*", "twitter*", "x", "x.com", "reddit*"),
    *("pinterest*", "snapchat*", "threads*", "mastodon*", "bluesky*", "*.facebook.com", "*.instagram.com"),
)


class ChannelRule(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the channel table. An ad that matches the row has the row's channel.

    An ad matches if its source matches a glob of `source`, its medium matches a glob of `medium`, and its network
    matches a glob of `network`. An empty list matches everything. Letter case is ignored.
    """

    channel: str
    source: tuple[str, ...] = ()
    medium: tuple[str, ...] = ()
    network: tuple[str, ...] = ()

    def takes(self, source: str, medium: str, network: str) -> bool:
        """Whether the row matches a source, a medium and a network, all in lower case."""
        given = ((source, self.source), (medium, self.medium), (network, self.network))
        return all(not globs or any(is_like(value, glob) for glob in globs) for value, globs in given)


TABLE = (
    ChannelRule(channel="affiliates", medium=("affiliate*", "partner*")),
    ChannelRule(channel="email", medium=("email", "e-mail", "e_mail", "mail", "newsletter*")),
    ChannelRule(channel="messages", medium=("sms", "push*", "whatsapp", "messenger")),
    ChannelRule(
        channel="paid_social",
        network=(*("meta-ads", "tiktok-ads", "linkedin-ads", "x-ads", "reddit-ads", "pinterest-ads", "snapchat-ads"),),
    ),
    ChannelRule(channel="paid_social", medium=("paid*social", "social*paid")),
    ChannelRule(channel="paid_social", source=SOCIAL_NETWORKS, medium=PAID),
    ChannelRule(channel="paid_search", network=("google-ads", "microsoft-ads", "yandex-ads")),
    ChannelRule(channel="paid_search", medium=("sem", "paid*search")),
    ChannelRule(channel="display", medium=("display*", "banner*", "interstitial", "native", "programmatic")),
    ChannelRule(channel="display", network=("google-marketing-platform", "outbrain-ads", "taboola-ads")),
    ChannelRule(channel="video", medium=("video*", "cpv")),
    ChannelRule(channel="paid_search", source=SEARCH_ENGINES, medium=PAID),
    ChannelRule(channel="display", medium=("cpm",)),
    ChannelRule(channel="paid_other", medium=PAID),
    ChannelRule(channel="social", medium=("social*", "sm")),
    ChannelRule(channel="organic", medium=("organic",)),
    ChannelRule(channel="email", source=("newsletter*", "email", "e-mail")),
    ChannelRule(channel="social", source=SOCIAL_NETWORKS),
    ChannelRule(channel="referral", medium=("referral", "link")),
)
#: The channel of an ad that no row matches.
OTHER_CHANNEL = "other"


def channel_of(source: str, medium: str, network: str, own: tuple[ChannelRule, ...] = ()) -> str:
    """Return the channel of an ad. `own`: the site's own rows, which come before the built-in table. An ad without a
    source, a medium or a network has an empty text there."""
    values = source.lower(), medium.lower(), network.lower()
    return next((rule.channel for rule in (*own, *TABLE) if rule.takes(*values)), OTHER_CHANNEL)
