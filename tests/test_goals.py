"""Which hits meet which version of a goal."""

import time
from typing import Any

import pytest

from conversions.goals import Goal, GoalVersion, met_by, page_path
from tracker.hit import Hit


def hit(**given: Any) -> Hit:
    """A page hit at 100."""
    return Hit(**{"id": "h1", "site": "s", "type": "page", "at": 100, "received": 100, "visitor": "ann", **given})


def goal(*versions: dict[str, Any], key: str = "buy") -> Goal:
    """A goal whose versions begin one after the other, the first always."""
    made = [GoalVersion(**{"version": n, "starts_at": 0, **rules}) for n, rules in enumerate(versions, 1)]
    return Goal(uid=f"uid-{key}", key=key, versions=tuple(made))


def meets(one: Hit, *goals: Goal) -> list[str]:
    """The goals that a hit meets."""
    return [conversion.goal for conversion in met_by(one, goals)]


def test_a_conversion_hit_meets_the_goal_of_its_key_without_any_rule() -> None:
    assert meets(hit(type="conversion", name="buy"), goal({}), goal({}, key="other")) == ["uid-buy"]
    assert meets(hit(type="event", name="buy"), goal({})) == []


@pytest.mark.parametrize("kind", ["page", "event", "click", "view", "conversion"])
def test_any_hit_of_the_name_meets_an_event_goal(kind: str) -> None:
    assert meets(hit(type=kind, name="purchase"), goal({"event": "purchase"})) == ["uid-buy"]


def test_an_adjustment_meets_no_goal() -> None:
    assert meets(hit(type="adjustment", name="buy", order="o", kind="retract"), goal({"event": "buy"})) == []


@pytest.mark.parametrize(
    ("url", "path", "met"),
    [
        ("https://s.example/welcome", "/welcome*", True),
        ("https://s.example/welcome/ann?x=1#y", "/welcome*", True),
        ("/welcome", "/welcome*", True),
        ("https://s.example/Welcome", "/welcome*", False),
        ("https://s.example/a/welcome", "/welcome*", False),
        ("https://s.example/?next=/welcome", "/welcome*", False),
        ("https://s.example/orders/17/done", "/orders/*/done", True),
        ("https://s.example", "/", True),
        ("http://[broken", "/welcome*", False),
        ("https://s.example/a\nb", "/a*", True),
        ("https://s.example/axb", "/a.b", False),  # a point is a point
    ],
)
def test_a_page_meets_a_goal_by_the_glob_over_its_path(url: str, path: str, met: bool) -> None:
    assert bool(meets(hit(url=url), goal({"path": path}))) is met


def test_only_pages_meet_a_goal_by_path() -> None:
    assert meets(hit(type="event", url="https://s.example/welcome"), goal({"path": "/welcome*"})) == []


def test_an_empty_rule_matches_nothing() -> None:
    assert meets(hit(name="", url=""), goal({})) == []


def test_one_hit_may_meet_several_goals() -> None:
    both = (goal({"event": "buy"}, key="a"), goal({"path": "*"}, key="b"), goal({}, key="c"))
    assert meets(hit(name="buy", url="https://s.example/x"), *both) == ["uid-a", "uid-b"]


def test_the_version_in_force_is_the_newest_that_has_begun() -> None:
    changed = goal({"event": "a"}, {"event": "b", "starts_at": 100}, {"event": "c", "starts_at": 101})
    assert [made.version for made in met_by(hit(name="b"), [changed])] == [2]
    assert meets(hit(name="a"), changed) == meets(hit(name="c"), changed) == []
    assert [made.version for made in met_by(hit(name="a", at=99), [changed])] == [1]


def test_a_newer_version_that_was_made_to_begin_earlier_takes_over_from_there() -> None:
    changed = goal({"starts_at": 0}, {"starts_at": 80}, {"starts_at": 50})
    found = [version.version for at in (49, 50, 90) if (version := changed.in_force(at))]
    assert found == [1, 3, 3]


def test_a_goal_that_is_switched_off_is_met_before_but_no_more() -> None:
    off = goal({"event": "a"}, {"event": "a", "active": False, "starts_at": 100})
    assert meets(hit(name="a", at=99), off) == ["uid-buy"]
    assert meets(hit(name="a", at=100), off) == []


def test_a_goal_that_has_not_begun_is_not_met() -> None:
    assert meets(hit(name="a"), goal({"event": "a", "starts_at": 101})) == []


def test_a_conversion_keeps_what_the_hit_said() -> None:
    said = {"order": "o1", "value": -5, "currency": "EUR"}
    (made,) = met_by(hit(type="conversion", name="buy", **said), [goal({"fixed_value": 7})])
    assert (made.order, made.value, made.currency, made.claim) == ("o1", -5, "EUR", "o:o1")
    (bare,) = met_by(hit(type="conversion", name="buy"), [goal({})])
    assert (bare.value, bare.claim) == (None, "h:h1")


def test_a_glob_full_of_stars_takes_no_longer_than_others() -> None:
    began = time.perf_counter()
    assert meets(hit(url="https://s.example/" + "a" * 8000), goal({"path": "/" + "*a" * 240 + "b"})) == []
    assert time.perf_counter() - began < 0.5


def test_the_path_of_what_is_no_address_is_the_root() -> None:
    assert [page_path(url) for url in ("", "http://[", "https://s.example", "https://s.example/a/")] == [
        "/", "/", "/", "/a/",
    ]  # fmt: skip
