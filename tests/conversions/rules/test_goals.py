"""Goals: which hits meet which version of a goal."""

import time
from typing import Any

import pytest

from conversions.facts.attribute import make_conversions
from conversions.rules.conditions import BadCondition, check_conditions, read_conditions
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.page_path import check_path, page_path
from conversions.units.micros import multiply
from tracker.collection.hit import Hit
from tracker.collection.refusal import Refusal


def hit(**given: Any) -> Hit:
    """Return a page hit at the instant 100 ms."""
    return Hit(**{"id": "h1", "site": "s", "type": "page", "at": 100, "received": 100, "visitor": "ann", **given})


def goal(*versions: dict[str, Any], key: str = "buy") -> Goal:
    """Return a goal whose versions begin one after the other. The first has no start."""
    made = [GoalVersion(**{"version": n, "starts_at": 0, **rules}) for n, rules in enumerate(versions, 1)]
    return Goal(uid=f"uid-{key}", key=key, versions=tuple(made))


def meets(one: Hit, *goals: Goal) -> list[str]:
    """Return the goals that a hit meets."""
    return [conversion.goal for conversion in make_conversions(one, goals)]


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
        ("http://[broken", "/", False),
        ("", "/", False),
        ("", "*", True),
        ("https://s.example/a\nb", "/a*", True),
        ("https://s.example/axb", "/a.b", False),  # a point matches only a point
        ("https://s.example/[a]", "/[a]", True),  # a bracket matches only a bracket
        ("https://s.example/a", "/[a]", False),
        ("https://s.example/a]b", "/a]?", True),
        ("https://s.example/gr%C3%BC%C3%9Fe", "/grüße", True),
        ("https://s.example/grüße", "/gr%c3%bc%c3%9fe", True),
        ("https://s.example/gru%CC%88ße", "/grüße", True),
        ("https://s.example/order%20complete", "/order complete", True),
        ("https://s.example/order+complete", "/order complete", False),
        ("https://s.example/%7Eann", "/~ann", True),
        ("https://s.example/a%2Fb", "/a/b", False),  # an encoded slash is no slash
        ("https://s.example/a%2fb", "/a%2Fb", True),
        ("https://s.example/100%25", "/100%25", True),
        ("https://s.example/a%2Ab", "/a%2Ab", True),
        ("https://s.example/axb", "/a%2Ab", False),
        ("https://s.example/caf%E9", "/caf%e9", True),
        ("https://s.example/caf%E9", "/café", False),
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
    assert [made.version for made in make_conversions(hit(name="b"), [changed])] == [2]
    assert meets(hit(name="a"), changed) == meets(hit(name="c"), changed) == []
    assert [made.version for made in make_conversions(hit(name="a", at=99), [changed])] == [1]


def test_a_newer_version_with_an_earlier_start_is_in_force_from_then() -> None:
    changed = goal({"starts_at": 0}, {"starts_at": 80}, {"starts_at": 50})
    found = [version.version for at in (49, 50, 90) if (version := changed.in_force(at))]
    assert found == [1, 3, 3]


def test_a_goal_that_is_switched_off_is_met_only_before() -> None:
    off = goal({"event": "a"}, {"event": "a", "active": False, "starts_at": 100})
    assert meets(hit(name="a", at=99), off) == ["uid-buy"]
    assert meets(hit(name="a", at=100), off) == []


def test_a_goal_that_has_not_begun_is_not_met() -> None:
    assert meets(hit(name="a"), goal({"event": "a", "starts_at": 101})) == []


def test_a_conversion_keeps_the_hits_values() -> None:
    said = {"order": "o1", "value": -5, "currency": "EUR"}
    (made,) = make_conversions(hit(type="conversion", name="buy", **said), [goal({"fixed_value": 7})])
    assert (made.order, made.value, made.currency, made.claim) == ("o1", -5, "EUR", "o:o1")
    (bare,) = make_conversions(hit(type="conversion", name="buy"), [goal({})])
    assert (bare.value, bare.claim) == (None, "h:h1")


def test_a_glob_full_of_stars_takes_no_longer_than_others() -> None:
    began = time.perf_counter()
    assert meets(hit(url="https://s.example/" + "a" * 8000), goal({"path": "/" + "*a" * 240 + "b"})) == []
    assert time.perf_counter() - began < 0.5


def test_an_unknown_address_has_no_path_and_one_that_ends_with_its_host_has_the_root() -> None:
    assert [page_path(url) for url in ("", "http://[", "https://s.example", "https://s.example/a/")] == [
        "", "", "/", "/a/",
    ]  # fmt: skip


def asks(conditions: str, **rules: Any) -> Goal:
    """Return a goal with conditions, one a line, on a site in EUR."""
    return goal({"conditions": read_conditions(conditions), "currency": "EUR", **rules})


@pytest.mark.parametrize(
    ("condition", "given", "met"),
    [
        ("path is /thanks", {"url": "https://s.example/thanks?x=1"}, True),
        ("path is /thanks", {"url": "https://s.example/thanks/"}, False),
        ("path like /orders/*/done", {"url": "/orders/17/done"}, True),
        ("path matches ^/(en|de)/thanks$", {"url": "/de/thanks"}, True),
        ("path matches ^/(en|de)/thanks$", {"url": "/fr/thanks"}, False),
        ("path matches \\d{4}", {"url": "/order-2026-b"}, True),
        ("path is /grüße", {"url": "https://s.example/gr%C3%BC%C3%9Fe"}, True),
        ("path like /gr*/danke", {"url": "https://s.example/gr%C3%BC%C3%9Fe/danke"}, True),
        ("path matches ^/gr.{2}e$", {"url": "https://s.example/gr%C3%BC%C3%9Fe"}, True),
        ("path matches ^/gr%C3%BC", {"url": "https://s.example/gr%C3%BC%C3%9Fe"}, True),
        ("path like /[a]*", {"url": "/[a]b"}, True),
        ("event like [Search]*", {"name": "[Search] Brand"}, True),
        ("event like [Search]*", {"name": "Search"}, False),
        (
            "path is /thanks",
            {"url": "/thanks", "type": "event"},
            False,
        ),  # a condition on the path counts only page hits, not each event of the page
        ("event is lead", {"type": "event", "name": "lead"}, True),
        ("event is lead", {"type": "event", "name": "leads"}, False),
        ("event like lead*", {"type": "event", "name": "leads"}, True),
        ("prop plan is pro", {"props": {"plan": "pro"}}, True),
        ("prop plan is pro", {"props": {"plan": "Pro"}}, False),
        ("prop plan is pro", {}, False),
        ("prop my plan like p*", {"props": {"my plan": "pro"}}, True),
        ("prop plan like *", {"props": {"plan": "pro"}}, True),
        ("prop plan like *", {"props": {"plan": ""}}, True),
        ("prop plan like *", {"props": {"tier": "pro"}}, False),  # a missing property matches nothing
        ("event like *", {"type": "event", "name": "lead"}, True),
        ("event like *", {"type": "page"}, False),
        ("value >= 100", {"value": 100_000_000}, True),
        ("value >= 100", {"value": 99_999_999}, False),
        ("value >= 100", {}, False),
        ("value <= 0.5", {"value": 500_000, "currency": "EUR"}, True),
        ("value <= 0.5", {"value": 500_000, "currency": "JPY"}, False),
        ("value between -1 and 2.000001", {"value": 2_000_001}, True),
        ("value between -1 and 2.000001", {"value": 2_000_002}, False),
        ("value between -1 and 2", {"value": -1_000_000}, True),
    ],
)
def test_a_hit_meets_a_condition_or_not(condition: str, given: dict[str, Any], met: bool) -> None:
    assert bool(meets(hit(**given), asks(condition))) is met


@pytest.mark.parametrize(
    ("match", "given", "met"),
    [
        ("all", {"name": "lead", "value": 5_000_000}, True),
        ("all", {"name": "lead", "value": 4_000_000}, False),
        ("all", {"name": "other", "value": 5_000_000}, False),
        ("any", {"name": "lead", "value": 4_000_000}, True),
        ("any", {"name": "other", "value": 5_000_000}, True),
        ("any", {"name": "other", "value": 4_000_000}, False),
    ],
)
def test_a_goal_asks_for_all_conditions_or_for_any(match: str, given: dict[str, Any], met: bool) -> None:
    for rules in ({"event": "lead"}, {}):
        lines = "value >= 5" if rules else "event is lead\nvalue >= 5"
        assert bool(meets(hit(type="event", **given), asks(lines, match=match, **rules))) is met


def test_with_an_event_the_path_is_that_of_the_page_on_which_it_happened() -> None:
    on_page = hit(type="event", name="play", url="https://s.example/film")
    assert meets(on_page, asks("event is play\npath is /film")) == ["uid-buy"]
    assert meets(on_page, asks("path is /film", event="play")) == ["uid-buy"]
    assert meets(on_page, asks("event is play\npath is /other")) == []
    assert meets(on_page, asks("event is stop\npath is /film", match="any")) == []


def test_a_conversion_hit_meets_the_goal_of_its_key_whatever_its_conditions() -> None:
    assert meets(hit(type="conversion", name="buy"), asks("value >= 100\nprop plan is pro")) == ["uid-buy"]


def test_an_adjustment_meets_no_conditions() -> None:
    assert meets(hit(type="adjustment", value=5_000_000, order="o", kind="restate"), asks("value >= 1")) == []


@pytest.mark.parametrize(
    "line",
    [
        "path",
        "path is",
        "path has /a",
        "title is x",
        "event matches a+",
        "path matches [",
        "path matches (?=a)",
        "path matches (a)\\1",
        "path matches (a{1000}){1000}",
        "path matches " + "(a|b)" * 2000,
        "path is /" + "a" * 500,
        "prop is x",
        "value > 5",
        "value >= 1e3",
        "value >= 1234567890123",
        "value between 2 and 1",
        "value between 1 and",
        "value >= 1.1234567",
        "value >= NaN",
    ],
)
def test_a_bad_condition_is_refused_with_what_it_should_be(line: str) -> None:
    with pytest.raises(BadCondition, match=r"condition|regular expression|amount|characters|first"):
        read_conditions(line)


def test_more_conditions_than_anyone_needs_are_refused() -> None:
    assert len(read_conditions("event is a\n\n" * 20)) == 20
    with pytest.raises(BadCondition, match="At most 20"):
        read_conditions("event is a\n" * 21)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "a*a*a*a*a*a*a*b", "(.*a){12}b"])
def test_no_regular_expression_takes_long_whatever_the_path(pattern: str) -> None:
    evil = asks(f"path matches {pattern}")
    began = time.perf_counter()
    assert meets(hit(url="https://s.example/" + "a" * 8000 + "c"), evil) == []
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("amount", "factor", "product"),
    [
        (10_000_000, None, 10_000_000),
        (10_000_000, 200_000, 2_000_000),
        (1, 500_000, 1),  # a half micro is rounded away from zero
        (1, 499_999, 0),
        (-1, 500_000, -1),
        (3, 333_333, 1),
        (999_999_999_999_999_999, 1_000_000, 999_999_999_999_999_999),
        (5, 0, 0),
    ],
)
def test_a_factor_is_exact_to_the_micro(amount: int, factor: int | None, product: int) -> None:
    assert multiply(amount, factor) == product


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/thanks?status=ok", "/thanks"),
        ("/thanks*?status=*", "/thanks*"),
        ("/thanks#done", "/thanks"),
        ("https://shop.example/thanks", "/thanks"),
        ("//shop.example/thanks?a=b", "/thanks"),
        ("shop.example/thanks", "/thanks"),
        ("https://shop.example", "/"),
        ("thanks", "/thanks"),
        ("\\thanks", "/thanks"),
        ("/a/../thanks", ""),
        ("./thanks", ""),
    ],
)
def test_an_impossible_path_is_refused_with_what_to_write_instead(path: str, instead: str) -> None:
    for check in (lambda: check_path(path, glob=True), lambda: check_conditions(f"path like {path}")):
        with pytest.raises(Refusal, match="No page has the path") as refusal:
            check()
        assert refusal.value.detail.endswith(f" Write {instead}" if instead else "in a path.")


@pytest.mark.parametrize(
    "path",
    ["/", "/thanks", "/thanks?", "/step-?/done", "*", "*/thanks", "?welcome", "/grüße", "/a=b", "/a;b=c", "/a..b"],
)
def test_a_possible_path_is_accepted(path: str) -> None:
    check_path(path, glob=True)
    check_conditions(f"path like {path}")


def test_a_question_mark_in_an_exact_path_begins_a_query() -> None:
    with pytest.raises(Refusal, match=r"Write /thanks$"):
        check_conditions("path is /thanks?done")


def test_a_regular_expression_that_matches_no_path_is_refused() -> None:
    for expression in ("^thanks", "^https?://shop.example/thanks"):
        with pytest.raises(Refusal, match="begins with /"):
            check_conditions(f"path matches {expression}")
    for expression in ("^/thanks", "thanks$", "^.thanks", "^(/a|/b)", "^a|/b"):
        check_conditions(f"path matches {expression}")
