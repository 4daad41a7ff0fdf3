"""What a batch's hits become: facts, rejected hits with reasons, and live counts."""

from typing import Any

import pytest

from conversions.facts.attribute import attribute, make_facts
from conversions.facts.counts import MAX_COUNT, Count
from conversions.facts.records import Adjustment, Conversion, Touch
from conversions.facts.rejected import MAX_BODY
from conversions.rules.ads import Ad, MatchRule
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from tracker.collection.hit import Hit

HOUR = 3_600_000
NOON = 1_790_000_000_000 - 1_790_000_000_000 % HOUR
SITE = SiteConfig(
    key="s",
    currency="EUR",
    goals=(
        Goal(uid="g1", key="buy", versions=(GoalVersion(version=1, starts_at=0),)),
        Goal(uid="g2", key="lead", versions=(GoalVersion(version=1, starts_at=0, event="lead", fixed_value=9),)),
        Goal(uid="g3", key="any", versions=(GoalVersion(version=1, starts_at=0, event="lead", path="/thanks*"),)),
    ),
    ads=(Ad(key="one", campaign="c", rules=(MatchRule(source="google"),)),),
)
HALF_HOUR = SiteConfig(key="india", timezone="Asia/Kolkata")
SITES = {"s": SITE, "india": HALF_HOUR, "none": None}


def hit(type: str = "page", **given: Any) -> Hit:
    """Return a hit of ann's."""
    return Hit(**{"id": "h1", "site": "s", "type": type, "at": NOON + 1, "received": NOON, "visitor": "ann", **given})


def counted(*hits: Hit) -> dict[tuple[str, str, str], int]:
    """Return live counts by goal, ad and metric."""
    return {(one.goal, one.ad, one.metric): one.amount for one in attribute(hits, SITES, "b").counts}


def test_every_fact_knows_its_bucket_by_the_sites_clock_and_its_batch() -> None:
    made = attribute([hit("click"), hit("click", site="india")], SITES, "b7").facts
    assert [(fact.bucket, fact.batch) for fact in made] == [(NOON, "b7"), (NOON - HOUR // 2, "b7")]


def test_one_hit_may_be_a_touch_and_conversions_of_several_goals() -> None:
    made = make_facts(hit(url="https://s.example/thanks?gclid=1", name="lead"), SITE, "b")
    assert [type(fact) for fact in made] == [Touch, Conversion, Conversion]
    assert {fact.hit for fact in made} == {"h1"}


def test_an_adjustment_has_an_order_and_no_visitor() -> None:
    (made,) = make_facts(hit("adjustment", order="o", kind="refund", value=5, currency="USD"), SITE, "b")
    assert made == Adjustment(
        site="s", order="o", at=NOON + 1, hit="h1", kind="refund", value=5, currency="USD", batch="b"
    )


def test_hits_that_make_no_fact_are_only_counted() -> None:
    outcome = attribute([hit(), hit("event", name="scroll")], SITES, "b")
    assert (outcome.facts, outcome.rejected) == ((), ())
    assert outcome.counts == (Count("s", NOON, "", "", "hits", 2),)


@pytest.mark.parametrize(
    ("one", "code"),
    [(hit(site="none"), "unknown_site"), (hit("conversion", name="typo"), "no_goal")],
)
def test_a_rejected_hit_has_its_reason_and_its_body(one: Hit, code: str) -> None:
    (rejected,) = attribute([one], SITES, "b").rejected
    assert (rejected.code, rejected.hit, rejected.batch, rejected.at) == (code, "h1", "b", NOON + 1)
    assert '"id":"h1"' in rejected.body


def test_the_stored_body_of_a_rejected_hit_is_bounded() -> None:
    (rejected,) = attribute([hit("conversion", name="x" * 200, url="u" * 8000)], SITES, "b").rejected
    assert len(rejected.body) == MAX_BODY
    assert len(rejected.detail) <= 300


def test_live_counts_name_only_configured_ads() -> None:
    hits = [
        hit("click", ad="one"),
        hit("page", url="https://s.example/?utm_source=google"),
        hit("view", ad="one"),
        *(hit("click", ad=f"stranger{n}") for n in range(3)),
    ]
    assert counted(*hits) == {
        ("", "", "hits"): 6,
        ("", "one", "clicks"): 2,
        ("", "one", "views"): 1,
        ("", "(other)", "clicks"): 3,
    }


def test_live_values_are_in_the_sites_currency_or_fixed() -> None:
    hits = [
        hit("conversion", name="buy", value=5),
        hit("conversion", name="buy", value=6, currency="EUR"),
        hit("conversion", name="buy", value=7, currency="USD"),
        hit("conversion", name="buy"),
        hit("event", name="lead", value=100),
    ]
    found = counted(*hits)
    assert (found["g1", "", "conversions"], found["g1", "", "value"]) == (4, 11)
    assert found["g2", "", "value"] == 9


def test_an_adjustment_is_counted_only_as_a_hit() -> None:
    assert counted(hit("adjustment", order="o", kind="refund", value=5)) == {("", "", "hits"): 1}


def test_absurd_values_do_not_overflow_a_counter() -> None:
    most = 999_999_999_999_999_999
    found = counted(*(hit("conversion", name="buy", value=most) for _ in range(500)))
    assert found["g1", "", "value"] == MAX_COUNT
    assert counted(*(hit("conversion", name="buy", value=-most) for _ in range(9)))["g1", "", "value"] == -MAX_COUNT
