"""Channels of reports without a database: the channel that an ad, its campaign or a site's rules name comes before the
common table."""

import pytest

from conversions.facts.ad_names import Named
from conversions.filters.channels import Channels, channels_of
from conversions.filters.filters import read_filters
from conversions.filters.origin import Origins
from conversions.rules.ads import Ad, MatchRule
from conversions.rules.channels import ChannelRule
from conversions.rules.site import SiteConfig
from tracker.collection.refusal import Refusal

SITE = SiteConfig(
    key="s",
    ads=(
        Ad(key="tv", campaign="c", channel="television"),
        Ad(key="search", campaign="c", rules=(MatchRule(network="google-ads"),)),
        Ad(key="bare", campaign="c"),
    ),
    channels=(ChannelRule(channel="podcast", source=("*cast",)),),
)


@pytest.mark.parametrize(
    ("ad", "channel"),
    [
        (("tv", "c", True), "television"),
        (("tv", "", False), "other"),
        (("search", "c", True), "paid_search"),
        (("bare", "c", True), "other"),
        (("newscast/cpc/x", "x", False), "podcast"),
        (("google/cpc/x", "x", False), "paid_search"),
        (("meta-ads", "", False), "paid_social"),
        (("(none)", "", False), "other"),
        (("(other)", "(other)", False), "(other)"),
    ],
)
def test_an_ad_has_the_channel_that_it_was_given_or_that_its_tags_have(ad: Named, channel: str) -> None:
    assert Channels(SITE).of(ad, Origins(SITE.ads).of(ad)) == channel
    assert channel in channels_of(SITE)


def test_an_unknown_channel_is_refused_with_the_list_of_all() -> None:
    with pytest.raises(Refusal, match=r"paid_search, .*television") as error:
        read_filters({"channel!": "paid-search"}, SITE)
    assert (error.value.status, error.value.code, error.value.field) == (400, "unknown_channel", "channel!")
