"""Channels without a database: the channel of an ad by its source, medium and network."""

import pytest

from conversions.rules.channels import TABLE, ChannelRule, channel_of
from tests.running import CHECKOUT


@pytest.mark.parametrize(
    ("source", "medium", "network", "channel"),
    [
        ("google", "cpc", "", "paid_search"),
        ("Bing", "PPC", "", "paid_search"),
        ("", "", "google-ads", "paid_search"),
        ("facebook", "cpc", "", "paid_social"),
        ("l.facebook.com", "paid", "", "paid_social"),
        ("anything", "paid-social", "", "paid_social"),
        ("", "", "meta-ads", "paid_social"),
        ("facebook", "cpm", "", "paid_social"),
        ("publisher", "cpm", "", "display"),
        ("publisher", "banner", "", "display"),
        ("", "", "outbrain-ads", "display"),
        ("youtube", "video", "", "video"),
        ("directory", "cpc", "", "paid_other"),
        ("awin", "affiliate", "", "affiliates"),
        ("shop", "e-mail", "", "email"),
        ("newsletter-48", "", "", "email"),
        ("shop", "sms", "", "messages"),
        ("instagram", "", "", "social"),
        ("blog", "social-media", "", "social"),
        ("google", "organic", "", "organic"),
        ("blog.example", "referral", "", "referral"),
        ("", "", "", "other"),
        ("adventure", "leaflet", "", "other"),
    ],
)
def test_an_ad_has_the_channel_of_the_first_row_that_matches(
    source: str, medium: str, network: str, channel: str
) -> None:
    assert channel_of(source, medium, network) == channel


def test_a_sites_own_rows_come_first_and_all_of_a_row_must_match() -> None:
    own = (ChannelRule(channel="podcast", source=("*cast*",), medium=("cpc",)),)
    assert channel_of("PodCasts", "cpc", "", own) == "podcast"
    assert channel_of("PodCasts", "sms", "", own) == "messages"


def test_the_documents_have_the_table() -> None:
    text = (CHECKOUT / "docs" / "channels.md").read_text()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| `")]
    assert rows == [f"`{rule.channel}`" for rule in TABLE]
    for rule in TABLE:
        assert all(f"`{glob}`" in text for glob in (*rule.source, *rule.medium, *rule.network))
