"""Claims: which conversion of an order or hit counts, and for how much."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.facts.records import Adjustment, Conversion
from conversions.facts.value import ClaimRow
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from conversions.verdicts.claims import Verdict, first_of_person, in_force, judge, judge_all

GOAL = Goal(
    uid="g",
    key="buy",
    versions=(
        GoalVersion(version=1, starts_at=0),
        GoalVersion(version=2, starts_at=100, fixed_value=7),
        GoalVersion(version=3, starts_at=200, active=False),
    ),
)
SITE = SiteConfig(key="s", currency="EUR", goals=(GOAL, Goal(uid="other", key="other", versions=GOAL.versions)))


def sale(at: int, value: int | None = 50, **more: Any) -> Conversion:
    """Return a conversion of the order `o` under the version in force at that time."""
    version = 1 if at < 100 else 2
    given = {"site": "s", "visitor": "ann", "at": at, "hit": f"c{at}", "goal": "g", "version": version, "order": "o"}
    return Conversion(**{**given, "value": value, **more})


def change(kind: str, at: int, value: int | None = None, **more: Any) -> Adjustment:
    """Return an adjustment of the order `o`."""
    given = {"site": "s", "order": "o", "at": at, "hit": f"a{at}", "kind": kind, "value": value}
    return Adjustment(**{**given, **more})


def decide(*rows: ClaimRow) -> Verdict:
    """Return the verdict on these facts. There must be one."""
    found = judge(GOAL, rows, SITE)
    assert found is not None
    return found


def worth(*rows: ClaimRow) -> tuple[int, bool]:
    """Return the value of the claim, and whether the claim is retracted."""
    found = decide(*rows)
    return found.value, found.retracted


def test_the_earliest_copy_counts_and_the_others_are_duplicates() -> None:
    rows = [sale(9), sale(5, hit="b"), sale(5, hit="a", visitor="bob"), sale(7)]
    found = decide(*rows)
    assert found.winner == rows[2]
    assert [(one.conversion.hit, one.reason) for one in found.duplicates] == [
        ("b", "duplicate"),
        ("c7", "duplicate"),
        ("c9", "duplicate"),
    ]
    assert found.claimants == ("v:ann", "v:bob")


def test_copies_with_the_same_hit_id_and_time_are_ordered_by_content() -> None:
    copies = [sale(5, value) for value in (1, 2, 3)]
    assert {decide(*copies).winner, decide(*copies[::-1]).winner} == {decide(*copies).winner}


def test_copies_of_a_version_not_in_force_are_left_out_first() -> None:
    early, late = sale(50, version=2, visitor="bob"), sale(150, visitor="ann")
    found = decide(early, late)
    assert found.winner == late
    assert [(one.conversion, one.reason) for one in found.duplicates] == [(early, "not_in_force")]
    assert found.claimants == ("v:ann",)


def test_nothing_counts_for_a_goal_that_is_switched_off_or_another_one() -> None:
    assert judge(GOAL, [sale(250), sale(250, version=3)], SITE) is None
    assert judge(GOAL, [sale(5, goal="other")], SITE) is None
    assert judge(GOAL, [change("refund", 1, 1)], SITE) is None
    assert not in_force(sale(250, version=3), GOAL)


def test_each_goal_has_its_own_verdict_on_an_order() -> None:
    rows: list[ClaimRow] = [sale(5), sale(6, goal="other"), sale(7, goal="forgotten"), change("refund", 9, 20)]
    found = judge_all(SITE, {"o:o": rows})
    assert {key: verdict.value for key, verdict in found.items()} == {("g", "o:o"): 30, ("other", "o:o"): 30}


@pytest.mark.parametrize(
    ("changes", "value", "retracted"),
    [
        ([], 50, False),
        ([change("refund", 9, 20)], 30, False),
        ([change("refund", 9, 20), change("refund", 8, 40)], -10, False),  # the value may become negative
        ([change("restate", 9, 80)], 80, False),
        ([change("refund", 8, 20), change("restate", 9, 80)], 80, False),  # a restatement discards earlier refunds
        ([change("restate", 8, 80), change("refund", 9, 20)], 60, False),
        ([change("retract", 9)], 50, True),
        ([change("retract", 8), change("refund", 9, 20)], 30, True),
        ([change("retract", 8), change("restate", 9, 20)], 20, False),  # a restatement brings it back
        ([change("restate", 8, 20), change("retract", 9)], 20, True),
        ([change("refund", 1, 20)], 30, False),  # a refund before the sale
        (
            [change("refund", 9, 20, hit="x"), change("refund", 8, 5, hit="x")],
            45,
            False,
        ),  # each refund counts once
        ([change("refund", 9, 5, hit="y"), change("restate", 9, 80, hit="x")], 75, False),  # ordered by hit id
        ([change("restate", 9, 0)], 0, False),
    ],
)
def test_adjustments_apply_in_order_of_time_and_hit_id(changes: list[Adjustment], value: int, retracted: bool) -> None:
    assert worth(sale(5), *changes) == (value, retracted)
    assert worth(*changes[::-1], sale(5)) == (value, retracted)


def test_a_fixed_value_is_adjusted_like_any_other() -> None:
    assert worth(sale(150, 9999), change("refund", 160, 2)) == (5, False)


def test_money_in_another_currency_without_a_rate_is_unrated() -> None:
    found = decide(sale(5, currency="USD"))
    assert (found.value, found.value_reason) == (0, "no_rate")
    assert decide(sale(5, currency="EUR")).value_reason is None
    refunded = decide(sale(5), change("refund", 9, 20, currency="USD"))
    assert (refunded.value, refunded.value_reason) == (50, "no_rate")
    restated = decide(sale(5, currency="USD"), change("restate", 9, 20))
    assert (restated.value, restated.value_reason) == (20, None)
    assert decide(sale(5, 0, currency="USD")).value_reason is None


def test_a_conversion_without_a_value_is_worth_nothing() -> None:
    assert worth(sale(5, None)) == (0, False)


def test_a_persons_first_conversion_is_the_earliest_that_is_not_retracted() -> None:
    def once(at: int, visitor: str = "ann", *changes: Adjustment) -> Verdict:
        return decide(sale(at, visitor=visitor), *changes)

    first, second, third = once(1, "ann", change("retract", 9)), once(2), once(3)
    all_of_them = [third, second, first, once(1, "bob")]
    assert first_of_person(second, all_of_them)
    assert not first_of_person(third, all_of_them)
    assert first_of_person(once(1, "bob"), all_of_them)


ROWS: st.SearchStrategy[list[ClaimRow]] = st.lists(
    st.one_of(
        st.builds(
            sale, st.integers(0, 220), st.integers(0, 3), visitor=st.sampled_from("ab"), version=st.sampled_from([1, 2])
        ),
        st.builds(
            change, st.sampled_from(["refund", "restate", "retract"]), st.integers(0, 9), st.integers(0, 9),
            hit=st.sampled_from("abc"),
        ),
    ),
    unique=True,
    max_size=12,
)  # fmt: skip


@given(rows=ROWS, data=st.data())
def test_no_order_of_rows_changes_a_verdict(rows: list[ClaimRow], data: st.DataObject) -> None:
    assert judge(GOAL, data.draw(st.permutations(rows)), SITE) == judge(GOAL, rows, SITE)


def test_an_order_that_every_sale_of_a_site_claims_is_judged_in_a_moment() -> None:
    rows = [sale(n % 100, visitor=f"v{n}", hit=f"c{n}") for n in range(20_000)]
    assert len(decide(*rows).duplicates) == 19_999
