"""Ads: ads as frozen records, and the match rules that say which touches belong to an ad. Pure."""

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
    """Globs over a touch's utm tags and its network. All globs must match. An empty field is no glob."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""

    def patterns(self) -> list[tuple[int, str]]:
        """The rule's globs, each with the index of the value that it must match: see
        `conversions.facts.ad_names.matched_values`. If the list is empty, the rule matches no touch."""
        return [(place, glob) for place, name in enumerate((*UTM_TAGS, "network")) if (glob := getattr(self, name))]


class Ad(msgspec.Struct, frozen=True, kw_only=True):
    """An ad: its key, its campaign's key, the rules that say which touches belong to it, and the channel that it or its
    campaign has been given."""

    key: str
    campaign: str
    rules: tuple[MatchRule, ...] = ()
    channel: str = ""
