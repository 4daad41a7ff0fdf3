"""The conversions of one person in an hour share a budget of touches. Reports and explanations say the same."""

import time
from collections import Counter
from typing import Any

import pytest

from conversions.explain.find import find_order
from conversions.facts.records import Conversion, Touch
from conversions.rules import budget
from conversions.store.port import Store
from conversions.verdicts.cases import read_cases
from reporting.figures.cells import by_touch_day
from tests.explaining import explained
from tests.rows import credit_rows
from tests.shop import HOUR, MINUTE, NOON, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(store: Store, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop where a person's conversions in an hour share a budget of 12 clicks. Each conversion gets at least one."""
    monkeypatch.setattr(budget, "SHARED_TOUCHES", 12)
    monkeypatch.setattr(budget, "LEAST_TOUCHES", 1)
    monkeypatch.setattr(budget, "CONVERSIONS_ELSEWHERE", 6)
    return Shop(store)


def credited(shop: Shop, order: str) -> list[str]:
    """Return the hits that an order's explanation credits."""
    (case,) = find_order(shop.store, shop.config(), order).cases
    told = explained(shop.store, shop.config(), case)
    return [touch["hit"] for touch in told["touches"] if touch["eligible"]]


def counted(shop: Shop) -> dict[str, int]:
    """Return ad -> micros of conversions by the linear model, as the report has them."""
    sums = Counter[str]()
    for cell in shop.store.read_cells(shop.key, [by_touch_day("linear")], ["2026-11-20"]):
        for row in credit_rows(cell):
            sums[row.ad.ad if row.ad else ""] += row.credit
    return dict(sums)


def clicks(shop: Shop, number: int, visitor: str = "ann") -> None:
    shop.process(*(shop.click(f"{visitor}{n}", -HOUR + n, visitor=visitor, ad=f"ad{n}") for n in range(number)))


def test_the_more_conversions_a_person_has_in_an_hour_the_fewer_clicks_each_credits(shop: Shop) -> None:
    clicks(shop, 9)
    for n in range(1, 5):
        shop.process(shop.sale(f"s{n}", n, order=f"o{n}"))
        assert len(credited(shop, "o1")) == min(9, 12 // n)
    shop.process(shop.sale("later", HOUR, order="later"))
    assert len(credited(shop, "later")) == 9
    shop.roll_up()
    # Four conversions with the newest three each, and the later one with all nine.
    shares = {f"ad{n}": 4 * 333_333 if n > 5 else 0 for n in range(9)}
    assert {ad: micros - counted(shop)[ad] for ad, micros in shares.items()} == {
        ad: pytest.approx(-111_111, abs=4) for ad in shares
    }


def test_copies_and_retracted_conversions_of_all_visitors_of_a_person_count(shop: Shop) -> None:
    clicks(shop, 9)
    shop.process(shop.sale("s1", order="o1", user="u"), shop.sale("s2", 1, order="o2", visitor="phone", user="u"))
    shop.process(shop.sale("s3", 2, order="o1", user="u"), shop.adjust("r", "retract", "o2", 3, trusted=True))
    assert len(credited(shop, "o1")) == 4


def test_conversions_of_a_version_that_is_not_in_force_dont_count(shop: Shop) -> None:
    clicks(shop, 9)
    shop.process(shop.sale("s1", order="o1"))
    own: dict[str, Any] = {"site": shop.key, "visitor": "ann", "goal": shop.config().goals[0].uid, "bucket": NOON}
    left_behind = Conversion(**own, at=NOON + 1, hit="s2", order="o2", version=7)
    shop.store.add_facts([left_behind])
    assert left_behind in shop.store.read_bucket(shop.key, NOON)
    assert len(credited(shop, "o1")) == 9


def test_who_claims_an_order_from_another_hour_brings_fewer_clicks(shop: Shop) -> None:
    clicks(shop, 9)
    shop.process(shop.sale("s1", order="o1", visitor="bob"), shop.sale("s2", HOUR, order="o1"))
    assert len(credited(shop, "o1")) == 12 // 6


def test_explanations_of_a_person_over_the_budget_add_up_to_the_report(shop: Shop) -> None:
    clicks(shop, 9)
    shop.process(*(shop.sale(f"s{n}", n, order=f"o{n}") for n in range(5)))
    shop.roll_up()
    hits = Counter(hit for n in range(5) for hit in credited(shop, f"o{n}"))
    assert counted(shop) == {hit.replace("ann", "ad"): 500_000 * times for hit, times in hits.items()}


def test_one_click_brings_one_conversion_however_many_a_person_has_in_the_hour(shop: Shop, store: Store) -> None:
    shop = Shop(store, counting="click")
    copies = (("a", "X"), ("b", "Y"), ("c", "X"))
    shop.process(*(shop.click(hit, n, url=f"https://s.example/?gclid={id}") for n, (hit, id) in enumerate(copies)))
    shop.process(*(shop.sale(f"s{n}", MINUTE + n, order=f"o{n}") for n in range(12)))
    shop.process(shop.sale("later", HOUR, order="later"))
    rows = [row for n in (0, HOUR) for row in store.read_bucket(shop.key, NOON + n) if isinstance(row, Conversion)]
    cases = read_cases(store, shop.config(), rows)
    # The last click is b, because c is a copy of a. If each conversion read only one click, c would get the
    # conversions.
    assert [case.verdict.winner.hit for case in cases if case.reason is None] == ["s0"]


def test_a_strangers_thousands_of_clicks_and_hundreds_of_sales_are_rolled_up_at_once(sql_store: Store) -> None:
    shop = Shop(sql_store)
    place: dict[str, Any] = {"site": shop.key, "visitor": "ann", "bucket": NOON}
    sold = {**place, "goal": shop.goal.uid, "version": 1, "value": 5_000_000}
    sql_store.add_facts([Touch(**place, kind="click", at=NOON + n, hit=f"c{n}", source=f"s{n}") for n in range(2_000)])
    sql_store.add_facts([Conversion(**sold, at=NOON + 5 * n, hit=f"s{n}", order=f"o{n}") for n in range(500)])
    shop.process(shop.click("last", MINUTE))
    began = time.process_time()
    shop.roll_up()
    # The rollup takes one second. Without the budget it took 25.
    assert time.process_time() - began < 6
