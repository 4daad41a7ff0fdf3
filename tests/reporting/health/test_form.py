"""Form: which fields are filled in when a new ad is made from a name."""

from urllib.parse import parse_qsl

import pytest

from reporting.health.form import form_of


@pytest.mark.parametrize(
    ("name", "campaign", "network", "fields"),
    [
        (
            "google/cpc/spring/blue",
            "spring",
            "(none)",
            {"rule-source": "google", "rule-medium": "cpc", "rule-campaign": "spring", "rule-content": "blue"},
        ),
        ("google/cpc", "(none)", "(none)", {"rule-source": "google", "rule-medium": "cpc"}),
        ("spring/a/b", "spring", "(none)", {"rule-campaign": "spring", "rule-content": "a/b"}),
        ("a/b/c/d", "(none)", "(none)", {"rule-source": "a", "rule-medium": "b", "rule-content": "c/d"}),
        ("meta-ads", "(none)", "meta-ads", {"rule-network": "meta-ads"}),
        ("banner", "spring", "(none)", {}),  # the name is the key that hits give; only the campaign is a tag
        ("banner", "(none)", "(none)", {"rule-source": "banner"}),
    ],
)
def test_the_rule_of_a_new_ad_has_the_tags_of_the_name(
    name: str, campaign: str, network: str, fields: dict[str, str]
) -> None:
    filled = dict(parse_qsl(form_of(name, campaign, network)))
    assert (filled.pop("name"), filled.pop("key")) == (name, name.replace("/", "-"))
    assert filled == fields


def test_a_key_has_only_letters_that_keys_may_have() -> None:
    assert dict(parse_qsl(form_of("été / 50 %?", "(none)", "(none)")))["key"] == "t-50"
