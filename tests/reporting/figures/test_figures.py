"""What a bucket's facts come to: its cells, exact to the last micro."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import MODELS, ONE
from conversions.facts.ad_names import OTHER, AdName
from conversions.facts.records import Conversion, Touch
from conversions.rules.ads import Ad
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Verdict
from conversions.verdicts.naming import MAX_OTHERS
from reporting.figures.cells import CLICKS, NO_RATE, ClickRow, CreditRow, decode_clicks, decode_credit
from reporting.figures.figures import figures

HOUR = 3_600_000
NOON = 1_790_000_000_000 - 1_790_000_000_000 % HOUR  # 2026-09-21T14:00Z
VERSION = GoalVersion(version=1, starts_at=0)
BUY, LEAD = (Goal(uid=uid, key=uid, versions=(VERSION,)) for uid in ("buy", "lead"))
SITE = SiteConfig(key="s", goals=(BUY, LEAD), ads=(Ad(key="one", campaign="c"),))
ONE_AD = AdName("one", "c", True)


def touch(before: int = 0, hit: str = "", **more: Any) -> Touch:
    """A click so long before NOON."""
    given = {
        "site": "s",
        "visitor": "ann",
        "kind": "click",
        "at": NOON - before,
        "hit": hit or f"t{before}",
        "ad": "one",
    }
    return Touch(**{**given, **more})


def case(*touches: Touch, value: int = 10, goal: Goal = BUY, reason: str | None = None, at: int = NOON) -> Case:
    """A conversion at NOON."""
    winner = Conversion(site="s", visitor="ann", at=at, hit="c", goal=goal.uid, version=1)
    return Case(Verdict(goal=goal, version=VERSION, winner=winner, claimants=("ann",), value=value), reason, touches)


def clicks(*touches: Touch, site: SiteConfig = SITE) -> list[ClickRow]:
    """The clicks' cell."""
    (cell,) = [cell for cell in figures(site, NOON, touches, []) if cell.model == CLICKS]
    return decode_clicks(cell.body)


def credit(*cases: Case, model: str = "last", goal: str = "buy", site: SiteConfig = SITE) -> list[CreditRow]:
    """The cell of a goal and model."""
    (cell,) = [cell for cell in figures(site, NOON, [], cases) if (cell.model, cell.goal) == (model, goal)]
    return decode_credit(cell.body)


def test_every_goal_and_model_has_a_cell_the_empty_ones_too() -> None:
    cells = figures(SITE, NOON, [], [])
    wanted = [("", CLICKS), ("", NO_RATE), *((goal, model) for goal in ("buy", "lead") for model in MODELS)]
    assert [(cell.goal, cell.model) for cell in cells] == wanted
    assert {(cell.bucket, cell.day, cell.body) for cell in cells} == {(NOON, "2026-09-21", b"[]")}


def test_clicks_and_views_are_counted_by_ad_once_a_hit_and_once_a_visitors_click_id() -> None:
    found = clicks(
        touch(hit="a"),
        touch(hit="a", visitor="bob"),  # one hit id
        touch(hit="b", kind="view"),
        touch(hit="c", ad="", network="gclid", click_id="X"),
        touch(hit="d", ad="", network="gclid", click_id="X"),  # one click id of one visitor
        touch(hit="e", ad="", network="gclid", click_id="X", visitor="bob"),
    )
    assert found == [ClickRow(AdName("google-ads", "", False), 2, 0), ClickRow(ONE_AD, 1, 1)]


def test_credit_is_on_the_touchs_day_and_what_nobody_earns_on_the_conversions() -> None:
    found = credit(case(touch(1)), case(touch(2 * DAY_MS)), case(value=4))
    assert found == [
        CreditRow(None, "2026-09-21", ONE, 4),
        CreditRow(ONE_AD, "2026-09-19", ONE, 10),
        CreditRow(ONE_AD, "2026-09-21", ONE, 10),
    ]


def test_days_are_the_sites_own() -> None:
    tokyo = SiteConfig(key="s", timezone="Asia/Tokyo", goals=(BUY,), ads=SITE.ads)
    # 14:00Z is 23:00 in Tokyo; 1 h 30 later is the next day there.
    assert [row.touch_day for row in credit(case(touch(-HOUR // 2), at=NOON + HOUR // 2), site=tokyo)] == ["2026-09-21"]
    (cell, *_) = figures(tokyo, NOON + HOUR, [], [])
    assert cell.day == "2026-09-22"


def test_only_conversions_that_count_and_are_of_the_bucket_are_in_it() -> None:
    assert credit(case(reason="retracted"), case(reason="not_first"), case(at=NOON + HOUR), case(at=NOON - 1)) == []


def test_goals_are_apart() -> None:
    assert credit(case(touch(1), goal=LEAD)) == []
    assert credit(case(touch(1), goal=LEAD), goal="lead") == [CreditRow(ONE_AD, "2026-09-21", ONE, 10)]


def test_a_configured_ad_and_a_strangers_name_that_is_the_same_text_are_apart() -> None:
    assert clicks(touch(hit="a"), touch(hit="b", ad="", source="one")) == [
        ClickRow(AdName("one", "", False), 1, 0),
        ClickRow(ONE_AD, 1, 0),
    ]


def test_a_bucket_names_all_configured_ads_and_the_largest_others() -> None:
    strangers = [touch(hit=f"h{n}", ad=f"x{n:05}") for n in range(MAX_OTHERS + 50)]
    largest = [touch(hit=f"l{n}", ad=f"x{MAX_OTHERS + 49:05}") for n in range(2)]
    found = clicks(*strangers, *largest, touch())
    assert len(found) == MAX_OTHERS + 2
    assert {row.ad: row.clicks for row in found}[OTHER] == 50
    assert ClickRow(AdName(f"x{MAX_OTHERS + 49:05}", "", False), 3, 0) in found
    assert ClickRow(ONE_AD, 1, 0) in found


def test_values_beyond_64_bits_are_kept_exactly() -> None:
    most = 10**18 - 1
    assert credit(*(case(touch(1), value=most) for _ in range(40))) == [
        CreditRow(ONE_AD, "2026-09-21", 40 * ONE, 40 * most)
    ]
    assert credit(case(value=-40 * most)) == [CreditRow(None, "2026-09-21", ONE, -40 * most)]


CASES = st.lists(
    st.builds(
        lambda ages, value: case(*(touch(age, hit=f"t{n}", ad=f"a{n % 3}") for n, age in enumerate(ages)), value=value),
        st.lists(st.integers(-5, 40 * DAY_MS), max_size=5),
        st.integers(-(10**12), 10**12),
    ),
    max_size=5,
)


@pytest.mark.parametrize("model", sorted(MODELS))
@given(cases=CASES)
def test_a_cell_holds_every_conversion_and_every_micro_of_its_value(model: str, cases: list[Case]) -> None:
    rows = credit(*cases, model=model)
    assert sum(row.credit for row in rows) == len(cases) * ONE
    assert sum(row.value for row in rows) == sum(one.verdict.value for one in cases)


def test_a_large_bucket_takes_seconds() -> None:
    touches = [
        touch(n % HOUR, hit=f"h{n}", visitor=f"v{n}", ad="", source="x", campaign=f"c{n % 99}") for n in range(50_000)
    ]
    cases = [case(touches[n]) for n in range(10_000)]
    began = time.process_time()
    figures(SITE, NOON, touches, cases)
    assert time.process_time() - began < 10


def test_a_visitor_with_ten_thousand_touches_is_credited_in_seconds() -> None:
    touches = [touch(n, hit=f"h{n}") for n in range(10_000)]
    began = time.process_time()
    (row,) = credit(*(case(*touches) for _ in range(10)), model="linear")
    assert time.process_time() - began < 10
    assert row.credit == 10 * ONE
