"""Inputs of a fit: a month's facts -> counted paths, and how much was left out."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import LEARNED, ONE, split
from conversions.attribution.fit import Learnt, encode_fit, fit
from conversions.attribution.path_counts import Inputs
from conversions.facts.ad_names import OTHER, AdNames
from conversions.facts.person import Whose, by_user, visitor_alone
from conversions.facts.records import Conversion, Touch
from conversions.rules.ads import Ad
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Verdict
from reporting.fits import inputs
from reporting.fits.inputs import MAX_ADS, MAX_PATHS, MAX_STEPS, MAX_TOUCHES, Gatherer, is_one_in

HOUR = 3_600_000
START = 1_790_812_800_000  # 2026-10-01T00:00Z
VERSION = GoalVersion(version=1, starts_at=0)
BUY, LEAD = (Goal(uid=uid, key=uid, versions=(VERSION,)) for uid in ("buy", "lead"))
SITE = SiteConfig(key="s", goals=(BUY, LEAD), ads=tuple(Ad(key=key, campaign="c") for key in ("one", "two")))


def touch(at: int, ad: str = "one", visitor: str = "ann", **more: Any) -> Touch:
    """Return a click `at` ms after the month began."""
    given = {"site": "s", "visitor": visitor, "kind": "click", "at": START + at, "hit": f"t{visitor}{at}{ad}", "ad": ad}
    return Touch(**{**given, **more})


def case(*path: Touch, goal: Goal = BUY, claimants: Sequence[str] = ("v:ann",), at: int = 9 * HOUR) -> Case:
    """Return a conversion that counts. Its person is the first claimant."""
    winner = Conversion(site="s", visitor="ann", at=START + at, hit="c", goal=goal.uid, version=1)
    verdict = Verdict(goal=goal, version=VERSION, winner=winner, person=claimants[0], claimants=tuple(claimants))
    return Case(verdict, None, path)


def gathered(*touches: Touch, cases: Sequence[Case] = (), whose: Whose = visitor_alone, uid: str = "buy") -> Inputs:
    """Return the inputs of a month with one bucket."""
    gatherer = Gatherer(SITE)
    gatherer.add(touches, cases, whose)
    gatherer.end_bucket()
    return gatherer.inputs(uid)


def seen_then_clicked(views: bool = True) -> Inputs:
    """Ten people see `two` and click `one`; five of them buy. Two others click `two`; one of them buys."""
    names = [f"v{n}" for n in range(12)]
    clicks = [touch(100, "one" if n < 10 else "two", name) for n, name in enumerate(names)]
    seen = [touch(1, "two", name, kind="view") for name in names[:10]] if views else []
    buyers = [*names[:5], names[11]]
    paths = [[one for one in (*seen, *clicks) if one.visitor == name] for name in buyers]
    return gathered(*seen, *clicks, cases=[case(*path, claimants=(f"v:{path[0].visitor}",)) for path in paths])


def counts(found: Inputs) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return path -> how many converted, how many didn't."""
    return {path.ads: (path.converted, path.unconverted) for path in found.paths}


def test_a_buyers_path_is_the_conversions_and_another_persons_is_the_months() -> None:
    ann = [touch(1, "two"), touch(2)]
    found = gathered(*ann, touch(3, visitor="bob"), touch(1, "two", visitor="cyd"), cases=[case(*ann)])
    assert counts(found) == {("two", "one"): (1, 0), ("one",): (0, 1), ("two",): (0, 1)}
    assert (found.coverage.conversions, found.coverage.with_touches) == (1, 1)


def test_a_buyers_path_has_all_eligible_touches_even_from_before_the_month() -> None:
    before = touch(-20 * 24 * HOUR, "two")
    view = touch(2, "one", kind="view", hit="v")
    assert counts(gathered(view, cases=[case(before, view)])) == {("two",): (1, 0)}


def test_clicks_beat_views_for_buyers_and_for_others() -> None:
    assert counts(seen_then_clicked()) == {("one",): (5, 5), ("two",): (1, 1)}


def test_a_path_has_only_clicks_or_only_views_if_there_are_none() -> None:
    views = [touch(n, "xy"[n % 2], kind="view") for n in range(MAX_STEPS + 5)]
    seen, clicked = gathered(*views), gathered(*views, touch(100, "two"), touch(101, "x", kind="view"), touch(102))
    assert ([len(path.ads) for path in seen.paths], seen.coverage.cut) == ([MAX_STEPS], 1)
    assert (counts(clicked), clicked.coverage.cut) == ({("two", "one"): (0, 1)}, 0)


@pytest.mark.parametrize("model", LEARNED)
def test_a_view_that_a_click_beats_changes_no_credit(model: str) -> None:
    path = [touch(1), touch(2, "two")]
    credits = []
    for found in (seen_then_clicked(), seen_then_clicked(views=False)):
        learnt = Learnt("2026-10", encode_fit(fit(found, 0)), AdNames(SITE.ads))
        credits.append(split(ONE, learnt.weigh(model, path)[0]))
    assert credits[0] == credits[1]


def test_a_conversion_without_touches_is_counted_but_makes_no_path() -> None:
    found = gathered(cases=[case(), case(touch(1))])
    assert counts(found) == {("one",): (1, 0)}
    assert (found.coverage.conversions, found.coverage.with_touches) == (2, 1)


def test_each_goal_has_its_own_paths_one_for_each_conversion() -> None:
    mine = [touch(1), touch(2, "two")]
    cases = [case(mine[0]), case(*mine), case(*mine, goal=LEAD)]
    assert counts(gathered(*mine, cases=cases)) == {("one",): (1, 0), ("one", "two"): (1, 0)}
    assert counts(gathered(*mine, cases=cases, uid="lead")) == {("one", "two"): (1, 0)}
    assert counts(gathered(*mine, cases=cases[:2], uid="lead")) == {("one", "two"): (0, 1)}


def test_all_claimants_of_a_conversion_have_converted() -> None:
    hers, his = touch(1), touch(2, "two", visitor="bob")
    shared = case(hers, his, claimants=("v:ann", "v:bob"))
    assert counts(gathered(hers, his, cases=[shared])) == {("one", "two"): (1, 0)}


def test_the_touches_of_one_person_on_two_devices_are_one_path() -> None:
    phone, laptop = touch(1, visitor="phone"), touch(2, "two", visitor="laptop")
    assert counts(gathered(phone, laptop)) == {("one",): (0, 1), ("two",): (0, 1)}
    assert counts(gathered(phone, laptop, whose=lambda _: by_user("ann"))) == {("one", "two"): (0, 1)}


def test_copies_and_repeated_ads_are_one_step_of_a_path() -> None:
    found = gathered(
        touch(1, hit="a"),
        touch(2, hit="b"),
        touch(3, "two", hit="c"),
        touch(4, "one", hit="a"),
        touch(5, "", hit="d", network="gclid", click_id="X"),
        touch(6, "two", hit="e"),
        touch(7, "", hit="f", network="gclid", click_id="X"),
    )
    assert counts(found) == {("one", "two", "google-ads\n", "two"): (0, 1)}


def test_a_click_recorded_by_its_landing_page_is_not_counted_for_the_stand_in_too() -> None:
    click = touch(1, hit="k", visitor="stand-in")
    landed = touch(1, hit="k", visitor="ann", landed=True)
    assert counts(gathered(click, landed, touch(2, "two"))) == {("one", "two"): (0, 1)}
    assert counts(gathered(click, touch(2, "two"))) == {("one",): (0, 1), ("two",): (0, 1)}


def test_rare_ads_are_other_but_configured_ads_are_not() -> None:
    strangers = [touch(n, f"x{n:03}", visitor=f"v{n}") for n in range(MAX_ADS + 20)]
    often = touch(1, f"x{MAX_ADS + 19:03}", visitor="w")
    found = gathered(*strangers, often, touch(1))
    names = [name.ad for name in found.ads.values()]
    assert len(names) == MAX_ADS + 1
    assert {"one", f"x{MAX_ADS + 19:03}", OTHER.ad} <= set(names)
    assert found.coverage.other_ads == 21
    assert sum(path.unconverted for path in found.paths if path.ads == ("(other)\n(other)",)) == 21


def test_long_paths_are_cut_to_the_newest_steps_and_counted() -> None:
    long = [touch(n, "one" if n % 2 else "two") for n in range(MAX_STEPS + 5)]
    found = gathered(*long, touch(1, visitor="bob"), cases=[case(*(touch(n, "xy"[n % 2]) for n in range(70)))])
    lengths = {(path.ads[0], len(path.ads)) for path in found.paths}
    assert lengths == {("one", 1), ("x\n", MAX_STEPS)}
    assert found.coverage.cut == 1
    assert [len(path.ads) for path in gathered(*long).paths] == [MAX_STEPS]


def test_a_persons_touches_of_all_parts_of_an_hour_are_one_path_in_order() -> None:
    gatherer = Gatherer(SITE)
    for part in ([touch(2, "two"), touch(5, "two")], [touch(1), touch(4)]):
        gatherer.add(part, [])
    gatherer.end_bucket()
    assert counts(gatherer.inputs("buy")) == {("one", "two", "one", "two"): (0, 1)}


def test_the_oldest_touches_of_one_person_are_used_though_others_are_read_first() -> None:
    gatherer = Gatherer(SITE, MAX_TOUCHES)
    machine = [touch(n, "two" if n < MAX_TOUCHES + 9 else "x") for n in range(10, 2 * MAX_TOUCHES + 12)]
    for part in (machine, [touch(1)]):
        gatherer.add(part, [])
    gatherer.end_bucket()
    assert counts(gatherer.inputs("buy")) == {("one", "two"): (0, 1)}
    assert gatherer.one_in == 1


def test_only_so_many_touches_of_one_person_are_read() -> None:
    machine = [touch(n, "one") for n in range(MAX_TOUCHES)]
    assert counts(gathered(*machine, touch(MAX_TOUCHES, "two"))) == {("one",): (0, 1)}
    assert counts(gathered(*machine[1:], touch(MAX_TOUCHES, "two"))) == {("one", "two"): (0, 1)}


def test_rare_paths_beyond_the_bound_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PATHS == 10_000
    monkeypatch.setattr(inputs, "MAX_PATHS", 2)
    touches = [
        touch(1, ad, visitor=f"{ad}{n}") for ad, n in [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("c", 1), ("d", 0)]
    ]
    found = gathered(*touches, cases=[case(touches[0], claimants=("v:a0",))])
    assert sorted(path.ads for path in found.paths) == [("b\n",), ("c\n",)]
    assert set(found.ads) == {"b\n", "c\n"}
    left_out = found.coverage.left_out, found.coverage.left_out_converted, found.coverage.left_out_unconverted
    assert left_out == (2, 1, 1)


MONTH = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 30), st.sampled_from(["one", "two", "x"]), st.booleans()), max_size=60
)


@given(month=MONTH, data=st.data(), most=st.integers(1, 80))
def test_the_order_of_facts_does_not_change_the_inputs(
    month: list[tuple[int, int, str, bool]], data: st.DataObject, most: int
) -> None:
    """If a month has too much to hold at once, the same sample of persons is read in any order."""
    found = []
    for order in (month, data.draw(st.permutations(month))):
        gatherer = Gatherer(SITE, most)
        for bucket in range(6):
            mine = [one for one in order if one[0] == bucket]
            touches = [touch(bucket * HOUR + n, ad, visitor=f"v{n % 13}") for _, n, ad, _ in mine]
            cases = [
                case(one, claimants=(f"v:{one.visitor}",), at=one.at - START)
                for one, (*_, buys) in zip(touches, mine, strict=True)
                if buys
            ]
            portions = data.draw(st.integers(1, 3))
            for n in range(portions):
                gatherer.add(touches[n::portions], cases[n::portions])
            gatherer.end_bucket()
        found.append((gatherer.one_in, gatherer.inputs("buy")))
    assert found[0] == found[1]


def test_a_month_too_large_to_hold_is_sampled_by_person() -> None:
    names = [f"v{n}" for n in range(400)]
    gatherer = Gatherer(SITE, 300)
    for hour in range(2):
        gatherer.add([touch(hour * HOUR, ("one", "two")[hour], visitor=name) for name in names], [])
        gatherer.end_bucket()
    found = gatherer.inputs("buy")
    looked_at = [name for name in names if is_one_in(f"v:{name}", found.coverage.one_in)]
    assert found.coverage.one_in == 4
    assert 60 < len(looked_at) < 140
    assert counts(found) == {("one", "two"): (0, len(looked_at))}
