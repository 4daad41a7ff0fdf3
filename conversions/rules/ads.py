"""Ads: ads as frozen records, and the match rules that say which touches are an ad's. Pure."""

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
    """Globs over a touch's utm tags and its network. All globs must match; an empty glob matches anything."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""

    def patterns(self) -> list[tuple[int, str]]:
        """The rule's globs, each with its index in `matched_values`. A rule without globs matches nothing."""
        return [(place, glob) for place, name in enumerate((*UTM_TAGS, "network")) if (glob := getattr(self, name))]


class Ad(msgspec.Struct, frozen=True, kw_only=True):
    """An ad: its key, its campaign's key, and the rules that say which touches are its own."""

    key: str
    campaign: str
    rules: tuple[MatchRule, ...] = ()
