"""Paths: which touches of a conversion's claimants may earn credit, why others may not, and what each earns."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import MODELS, ONE
from conversions.facts.records import Conversion, Touch
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.terms import Terms
from conversions.units.clock import DAY_MS
from conversions.verdicts.claims import Verdict
from conversions.verdicts.paths import Touchpoint, by_kind, counted_once, newest_in_window, path_of, shares

AT = 100 * DAY_MS
VERSION = GoalVersion(version=1, starts_at=0, click_window=30 * DAY_MS, view_window=DAY_MS)
GOAL = Goal(uid="g", key="g", versions=(VERSION,))


def verdict(value: int = 0, most_touches: int = 9) -> Verdict:
    """Return the verdict on a conversion at AT."""
    winner = Conversion(site="s", visitor="ann", at=AT, hit="c", goal="g", version=1)
    version = msgspec.structs.replace(VERSION, most_touches=most_touches)
    return Verdict(goal=GOAL, version=version, winner=winner, claimants=("ann",), value=value)


def touch(before: int, hit: str = "", **more: Any) -> Touch:
    """Return a click `before` ms before the conversion."""
    return Touch(
        **{"site": "s", "visitor": "ann", "kind": "click", "at": AT - before, "hit": hit or f"t{before}", **more}
    )


def reasons(*touches: Touch) -> list[tuple[str, str | None]]:
    """Return each touch's hit id and reason, in the order of the path."""
    return [(step.touch.hit, step.reason) for step in path_of(verdict(), touches)]


def test_a_click_earns_from_the_start_of_the_window_to_the_conversion_inclusive() -> None:
    # -30 d - 1 ms | -30 d ...... conversion | + 1 ms
    edges = [touch(30 * DAY_MS + 1), touch(30 * DAY_MS), touch(0), touch(-1)]
    assert reasons(*edges) == [
        (f"t{30 * DAY_MS + 1}", "outside_window"),
        (f"t{30 * DAY_MS}", None),
        ("t0", None),
        ("t-1", "after_conversion"),
    ]


def test_views_have_their_own_window() -> None:
    assert reasons(touch(DAY_MS + 1, "early", kind="view"), touch(DAY_MS, "late", kind="view")) == [
        ("early", "outside_window"),
        ("late", None),
    ]


def test_a_click_beats_every_view_even_later_ones() -> None:
    assert reasons(touch(3, "v1", kind="view"), touch(2, "click"), touch(1, "v2", kind="view")) == [
        ("v1", "beaten_by_click"),
        ("click", None),
        ("v2", "beaten_by_click"),
    ]


def test_a_click_outside_the_window_beats_no_view() -> None:
    assert reasons(touch(31 * DAY_MS, "old"), touch(1, "view", kind="view"))[1] == ("view", None)


def test_the_earliest_copy_of_a_hit_inside_the_window_earns_whichever_visitor_has_it() -> None:
    copies = [touch(31 * DAY_MS, "t"), touch(9, "t", visitor="bob"), touch(5, "t"), touch(5, "t", visitor="bob")]
    assert [step.reason for step in path_of(verdict(), copies)] == ["outside_window", None, "duplicate", "duplicate"]


def test_a_click_id_counts_once_per_visitor_and_network() -> None:
    gclid = {"network": "gclid", "click_id": "X"}
    path = [
        touch(9, "a", **gclid),
        touch(8, "b", **gclid),
        touch(7, "c", visitor="bob", **gclid),
        touch(6, "d", network="fbclid", click_id="X"),
    ]
    assert [reason for _, reason in reasons(*path)] == [None, "duplicate", None, None]


def test_the_click_id_of_a_duplicate_can_still_earn_by_another_hit() -> None:
    # The copy of `a` with click id Y is a duplicate, so `b` with click id Y counts.
    path = [touch(9, "a"), touch(8, "a", network="gclid", click_id="Y"), touch(7, "b", network="gclid", click_id="Y")]
    assert [reason for _, reason in reasons(*path)] == [None, "duplicate", None]


def test_if_there_are_too_many_touches_the_newest_of_each_kind_may_earn() -> None:
    touches = [
        *(touch(n, f"c{n}") for n in (5, 9, 7)),
        *(touch(n, f"v{n}", kind="view") for n in (1, 2, 3)),
        touch(-1, "late"),
        touch(31 * DAY_MS, "old"),
    ]
    assert [(one.touch.hit, one.reason) for one in path_of(verdict(most_touches=2), touches)] == [
        ("old", "outside_window"),
        ("c9", "beyond_newest"),
        ("c7", None),
        ("c5", None),
        ("v3", "beyond_newest"),
        ("v2", "beaten_by_click"),
        ("v1", "beaten_by_click"),
        ("late", "after_conversion"),
    ]
    assert {one.hit for one in newest_in_window(by_kind(touches), verdict(most_touches=2))} == {"c7", "c5", "v2", "v1"}


def test_copies_are_counted_among_the_newest_before_they_are_merged() -> None:
    copies = [touch(9, "a"), touch(8, "b"), touch(7, "b"), touch(7, "a")]
    path = path_of(verdict(most_touches=3), copies)
    assert [step.reason for step in path] == ["beyond_newest", None, None, "duplicate"]
    assert [step.touch.hit for step in path] == ["a", "b", "a", "b"]


def test_credit_and_value_go_to_the_eligible_touches_only() -> None:
    path = path_of(verdict(), [touch(31 * DAY_MS), touch(9, "a"), touch(8, "b"), touch(-1)])
    sold = verdict(value=-3)
    by_model = shares(sold, path, MODELS, Terms())
    earned = {model: [(one.touch.hit, one.credit, one.value) for one in parts] for model, parts in by_model.items()}
    assert earned["last"] == [("a", 0, 0), ("b", ONE, -3)]
    assert earned["first"] == [("a", ONE, -3), ("b", 0, 0)]
    assert earned["linear"] == earned["position"] == [("a", ONE // 2, -2), ("b", ONE // 2, -1)]


def test_without_an_eligible_touch_no_ad_earns() -> None:
    assert shares(verdict(5), path_of(verdict(5), [touch(-1)]), ["last"], Terms()) == {"last": []}
    assert shares(verdict(5), [], ["last"], Terms()) == {"last": []}


TOUCHES = st.lists(
    st.builds(
        touch,
        st.sampled_from([-1, 0, 1, 5, DAY_MS, DAY_MS + 1, 30 * DAY_MS, 30 * DAY_MS + 1]),
        hit=st.sampled_from("abcd"),
        kind=st.sampled_from(["click", "view"]),
        visitor=st.sampled_from(["ann", "bob"]),
        click_id=st.sampled_from(["", "X"]),
    ),
    max_size=12,
    unique=True,
)


@given(touches=TOUCHES, most=st.integers(1, 12), data=st.data())
def test_the_order_of_arrival_of_touches_changes_nothing(touches: list[Touch], most: int, data: st.DataObject) -> None:
    shuffled, sold = data.draw(st.permutations(touches)), verdict(most_touches=most)
    assert path_of(sold, shuffled) == path_of(sold, touches)
    assert counted_once(shuffled) == counted_once(touches)


@given(touches=TOUCHES, most=st.integers(1, 12))
def test_the_touches_read_for_each_visitor_include_all_that_may_earn(touches: list[Touch], most: int) -> None:
    sold = verdict(most_touches=most)
    drawn = [
        one
        for visitor in ("ann", "bob")
        for one in newest_in_window(by_kind(touch for touch in touches if touch.visitor == visitor), sold)
    ]
    credited = [step.touch for step in path_of(sold, touches) if step.reason is None]
    assert [step.touch for step in path_of(sold, drawn) if step.reason is None] == credited
    assert len(credited) <= most


@given(touches=TOUCHES, value=st.integers(-(10**12), 10**12))
def test_every_model_divides_exactly_one_conversion_and_its_value(touches: list[Touch], value: int) -> None:
    path: list[Touchpoint] = path_of(verdict(value), touches)
    for earned in shares(verdict(value), path, MODELS, Terms()).values():
        if any(step.reason is None for step in path):
            assert (sum(one.credit for one in earned), sum(one.value for one in earned)) == (ONE, value)
        assert len({one.touch.hit for one in earned}) == len(earned)
