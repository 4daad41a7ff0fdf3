"""Figures: a bucket's facts -> its cells, exact to the last micro."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import MODELS, ONE
from conversions.facts.ad_names import OTHER, AdName
from conversions.facts.records import Adjustment, Conversion, Touch
from conversions.rules.ads import Ad
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.parts import WHOLE
from conversions.rules.site import SiteConfig
from conversions.store.port import Cell
from conversions.units.clock import DAY_MS
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Verdict, judge
from conversions.verdicts.naming import MAX_OTHERS
from reporting.figures.cells import (
    CLICKS,
    NO_RATE,
    Damaged,
    by_touch_day,
    decode_clicks,
    decode_credit,
    decode_unrated,
)
from reporting.figures.figures import figures
from reporting.figures.parts import add_up, part_cells
from reporting.figures.sums import Sums, add, hour_cells
from tests.rows import ClickRow, CreditRow, click_rows, credit_rows

HOUR = 3_600_000
NOON = 1_790_000_000_000 - 1_790_000_000_000 % HOUR  # 2026-09-21T14:00Z
VERSION = GoalVersion(version=1, starts_at=0)
BUY, LEAD = (Goal(uid=uid, key=uid, versions=(VERSION,)) for uid in ("buy", "lead"))
SITE = SiteConfig(key="s", goals=(BUY, LEAD), ads=(Ad(key="one", campaign="c"),))
ONE_AD = AdName("one", "c", True)


def touch(before: int = 0, hit: str = "", **more: Any) -> Touch:
    """Return a click `before` ms before NOON."""
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
    """Return a conversion at NOON."""
    winner = Conversion(site="s", visitor="ann", at=at, hit="c", goal=goal.uid, version=1)
    return Case(Verdict(goal=goal, version=VERSION, winner=winner, claimants=("ann",), value=value), reason, touches)


def cells(touches: Iterable[Touch] = (), cases: Iterable[Case] = (), site: SiteConfig = SITE) -> dict[str, Cell]:
    """Return the cells of NOON's hour, by their models."""
    return {cell.model: cell for cell in hour_cells(NOON, figures(site, NOON, list(touches), cases))}


def clicks(*touches: Touch, site: SiteConfig = SITE) -> list[ClickRow]:
    """Return the rows of the cell of clicks."""
    return click_rows(cells(touches, site=site)[CLICKS])


def credit(*cases: Case, model: str = "last", goal: str = "buy", site: SiteConfig = SITE) -> list[CreditRow]:
    """Return a goal's rows in a model's cell by the touch's day."""
    found = credit_rows(hour_of(cases, site)[by_touch_day(model)])
    return [msgspec.structs.replace(row, goal="") for row in found if row.goal == goal]


def hour_of(cases: Iterable[Case], site: SiteConfig = SITE) -> dict[str, Cell]:
    """Return the cells of an hour with these conversions. Check that the cells with and without days agree."""
    found = cells(cases=cases, site=site)
    for model in MODELS:
        by_day: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for row in credit_rows(found[by_touch_day(model)]):
            add(by_day[row.goal, row.ad], (row.credit, row.value))
        plain = {(row.goal, row.ad): [row.credit, row.value] for row in credit_rows(found[model])}
        assert plain == {place: row for place, row in by_day.items() if any(row)}
    return found


def test_every_model_has_cells_even_empty_ones() -> None:
    found = cells()
    assert set(found) == {CLICKS, NO_RATE, *MODELS, *map(by_touch_day, MODELS)}
    assert {(cell.start, cell.page, cell.key) for cell in found.values()} == {(NOON, "2026-09-21", "")}
    assert click_rows(found[CLICKS]) == credit_rows(found["last"]) == decode_unrated(found[NO_RATE]) == []


@given(st.sampled_from([CLICKS, NO_RATE, "last", by_touch_day("linear")]), st.data())
def test_a_body_with_a_changed_bit_is_damaged(model: str, data: st.DataObject) -> None:
    cell = cells([touch(1)], [case(touch(1)), case(touch(1), touch(2))])[model]
    decoders: dict[str, Callable[[Cell], Any]] = {CLICKS: decode_clicks, NO_RATE: decode_unrated}
    decode = decoders.get(model, decode_credit)
    decode(cell)
    place = data.draw(st.integers(0, 8 * len(cell.body) - 1))
    body = bytearray(cell.body)
    body[place // 8] ^= 1 << place % 8
    for other in (bytes(body), cell.body[:-1], b"", b"[]"):
        with pytest.raises(Damaged):
            decode(msgspec.structs.replace(cell, body=other))


def test_names_are_written_once_and_an_hour_of_a_thousand_ads_is_small() -> None:
    sold = [case(touch(1, ad=f"a-rather-long-name-of-an-ad-{n:04}")) for n in range(1000)]
    body = cells(cases=sold)["last"].body
    assert body.count(b"a-rather-long-name-of-an-ad-0007") == body.count(b"buy") == 1
    assert len(body) < 80_000


def test_a_part_writes_each_name_once_for_all_models_and_adds_up_to_the_same_hour() -> None:
    ads = [f"a-rather-long-name-of-an-ad-{n:04}" for n in range(200)]
    touches = [touch(n, ad=ad) for n, ad in enumerate(ads)]
    sold = [
        case(*(touch(m, ad=ads[(n * m) % 200]) for m in range(1, n % 4 + 1)), value=n, goal=BUY) for n in range(400)
    ]
    sums = figures(SITE, NOON, touches, [*sold, case(touch(1), goal=LEAD, at=NOON - DAY_MS)])
    figures_cell, _ = part = part_cells(NOON, WHOLE, sums)
    assert all(figures_cell.body.count(ad.encode()) == 1 for ad in ads)
    assert len(figures_cell.body) < 40_000
    again = Sums()
    assert add_up(again, part) == []
    assert hour_cells(NOON, again) == hour_cells(NOON, sums)


def test_clicks_and_views_are_counted_once_per_hit_and_per_visitors_click_id() -> None:
    found = clicks(
        touch(hit="a"),
        touch(hit="a", visitor="bob"),  # the same hit id
        touch(hit="b", kind="view"),
        touch(hit="c", ad="", network="gclid", click_id="X"),
        touch(hit="d", ad="", network="gclid", click_id="X"),  # the same click id and visitor
        touch(hit="e", ad="", network="gclid", click_id="X", visitor="bob"),
    )
    assert found == [ClickRow(AdName("google-ads", "", False), 2, 0), ClickRow(ONE_AD, 1, 1)]


def test_credit_is_on_the_touchs_day_and_unattributed_on_the_conversions_day() -> None:
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


def test_a_refund_without_a_rate_is_unrated_even_if_its_sales_amount_is_unreadable() -> None:
    sale = {"site": "s", "visitor": "ann", "at": NOON, "hit": "c", "goal": "buy", "version": 1, "order": "o"}
    refund = Adjustment(site="s", order="o", at=NOON, hit="r", kind="refund", value=8, currency="JPY")
    euros = msgspec.structs.replace(SITE, currency="EUR")
    for currency in ("", "JPY"):
        verdict = judge(BUY, [Conversion(**sale, unreadable=True, currency=currency), refund], euros)
        assert verdict is not None
        assert verdict.value_reason == "bad_value"
        (row,) = decode_unrated(cells(cases=[Case(verdict, None, ())], site=euros)[NO_RATE])
        assert (row.goal, row.conversions, row.amounts) == ("buy", 1, (("JPY", -8),))


def test_a_bucket_has_only_its_own_conversions_that_count() -> None:
    assert credit(case(reason="retracted"), case(reason="not_first"), case(at=NOON + HOUR), case(at=NOON - 1)) == []


def test_goals_have_separate_rows() -> None:
    assert credit(case(touch(1), goal=LEAD)) == []
    assert credit(case(touch(1), goal=LEAD), goal="lead") == [CreditRow(ONE_AD, "2026-09-21", ONE, 10)]


def test_a_configured_ad_and_a_foreign_name_with_the_same_text_have_separate_rows() -> None:
    assert clicks(touch(hit="a"), touch(hit="b", ad="", source="one")) == [
        ClickRow(AdName("one", "", False), 1, 0),
        ClickRow(ONE_AD, 1, 0),
    ]


def test_a_bucket_names_all_configured_ads_and_only_the_largest_others() -> None:
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
