"""Origins without a database: the source, medium and network of an ad that a cell names."""

import pytest

from conversions.filters.origin import Origin, Origins
from conversions.rules.ads import Ad, MatchRule


@pytest.mark.parametrize(
    ("name", "campaign", "origin"),
    [
        ("google/cpc/spring/ad1", "spring", Origin("google", "cpc")),
        ("google/cpc/spring", "spring", Origin("google", "cpc")),
        ("google/spring", "spring", Origin("google")),
        ("spring/ad1", "spring", Origin()),
        ("google/cpc", "", Origin("google", "cpc")),
        ("newsletter", "", Origin("newsletter")),
        ("google/x/y/z/ad1", "y/z", Origin("google", "x")),
        ("named-by-the-hit", "spring", Origin()),
        ("meta-ads", "", Origin(network="meta-ads")),
        ("(none)", "", Origin()),
        ("(other)", "(other)", Origin("(other)", "(other)", "(other)")),
    ],
)
def test_a_name_made_of_tags_is_taken_apart(name: str, campaign: str, origin: Origin) -> None:
    assert Origins(()).of((name, campaign, False)) == origin


def test_a_configured_ad_has_what_all_its_rules_demand() -> None:
    rules = (MatchRule(source="google", medium="cpc", campaign="a*"), MatchRule(source="google", network="google-ads"))
    origins = Origins([Ad(key="summer", campaign="sale", rules=rules), Ad(key="bare", campaign="sale")])
    assert origins.of(("summer", "sale", True)) == Origin("google")
    assert origins.of(("bare", "sale", True)) == origins.of(("deleted", "sale", True)) == Origin()
    assert origins.of(("summer", "", False)) == Origin("summer")


def test_a_pattern_with_a_wildcard_demands_nothing_certain() -> None:
    rules = (MatchRule(source="goo*", medium="cp?", network="google-ads"),)
    assert Origins([Ad(key="x", campaign="c", rules=rules)]).of(("x", "c", True)) == Origin(network="google-ads")
