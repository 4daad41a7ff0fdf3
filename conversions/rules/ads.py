"""Ads: the configured ads, and the match rules by which a touch belongs to an ad. Pure."""

import msgspec

#: Click id parameter -> the network that sets it.
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
    "rdt_cid": "reddit-ads",
    "epik": "pinterest-ads",
    "ob_click_id": "outbrain-ads",
    "tblci": "taboola-ads",
    "ScCid": "snapchat-ads",
    "yclid": "yandex-ads",
}
UTM_TAGS = ("source", "medium", "campaign", "content", "term")


class MatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """Globs over a touch's utm tags and the ad network of its click id. A touch matches the rule if all globs match.
    Empty fields are ignored."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""

    def patterns(self) -> list[tuple[int, str]]:
        """List the globs that are not empty, as pairs (index, glob). The index says which value of a touch the glob is
        compared with. A rule without globs matches no touch.

        The values are those of `conversions.facts.ad_names.matched_values`: the utm tags in order, then the network.
        Index 0 is `utm_source`.
        """
        return [(place, glob) for place, name in enumerate((*UTM_TAGS, "network")) if (glob := getattr(self, name))]


class Ad(msgspec.Struct, frozen=True, kw_only=True):
    """A configured ad: its key, its campaign's key, its match rules, and its channel.

    `channel`: the channel that was set for the ad or its campaign; empty if none was set.
    """

    key: str
    campaign: str
    rules: tuple[MatchRule, ...] = ()
    channel: str = ""
