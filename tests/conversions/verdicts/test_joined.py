"""A conversion that names a click is credited to the person who clicked, in any order of arrival."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from conversions.configuration.loading import load_site
from conversions.facts import person
from conversions.facts.handover import Handover, hand_over
from conversions.facts.records import Conversion, Joined, Touch
from conversions.marks import marks as sequence
from conversions.marks.process import Processor
from conversions.models import Goal
from conversions.store.port import BoundedRows, ClickSlice, Store
from conversions.verdicts.cases import Case, read_cases
from conversions.verdicts.joined import join
from tests.reports import DatedShop
from tracker.collection.hit import Hit

pytestmark = pytest.mark.django_db

DAY = "2026-11-20"
CLICKED, LATER, BOUGHT = "2026-11-20T08:00Z", "2026-11-20T09:00Z", "2026-11-20T12:00Z"
MINUTE = 60_000


@pytest.fixture
def shop(store: Store) -> DatedShop:
    return DatedShop(store)


def told(shop: DatedShop, click: str, instant: str = BOUGHT, **more: Any) -> Hit:
    """Return a sale sent by a partner who knows a click id but no visitor."""
    hit = shop.sale(instant, click=click, **more)
    return hit if "visitor" in more else msgspec.structs.replace(hit, visitor=f"of-{hit.id}")


def landing(shop: DatedShop, click: str, instant: str, visitor: str = "ann") -> Hit:
    """Return the landing page's hit after a click by `/click`."""
    at = shop.click(CLICKED).at
    url = hand_over("https://shop.example/", Handover("summer", click, at), shop.site.key, shop.site.click_secret)
    return shop.hit("page", instant, visitor=visitor, url=url)


def case_of(shop: DatedShop, hit: Hit) -> Case:
    (case,) = read_cases(shop.store, shop.config(), shop.store.find_hit(shop.site.key, hit.id))
    return case


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_sale_with_a_networks_click_id_is_credited_to_the_person_who_clicked(
    shop: DatedShop, order: tuple[int, ...]
) -> None:
    hits = [
        shop.click(CLICKED, ad="", url="https://shop.example/?gclid=G1&utm_source=google"),
        shop.click(LATER),
        told(shop, "G1"),
    ]
    shop.receive_one_by_one([hits[n] for n in order])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    assert shop.rows(DAY, DAY, "ad", "conversions", model="linear") == [("google", "0.500000"), ("summer", "0.500000")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_sale_with_the_id_of_a_click_belongs_to_the_landing_visitor(shop: DatedShop, order: tuple[int, ...]) -> None:
    click = "ab" * 16
    sale = told(shop, click)
    hits = [
        shop.click(CLICKED, visitor="stand-in", id=click, issued=True),
        landing(shop, click, "2026-11-20T08:01Z"),
        sale,
    ]
    shop.receive_one_by_one([hits[n] for n in order])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    assert [row.visitor for row in case_of(shop, sale).verdict.joined] == ["ann"]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_forged_hit_with_a_clicks_id_gets_no_credit_for_its_sale(shop: DatedShop, turn: int) -> None:
    click = "cd" * 16
    hits = [
        shop.click("2026-11-20T07:00Z", "thief", visitor="thief", id=click),
        shop.click(CLICKED, id=click, issued=True),
        told(shop, click),
    ]
    shop.receive_one_by_one(hits[::turn])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]


@pytest.mark.parametrize("turn", [1, -1])
def test_only_the_first_of_strangers_with_one_click_id_is_credited(shop: DatedShop, turn: int) -> None:
    url = "https://shop.example/?fbclid=F1"
    clicks = [shop.click(f"2026-11-20T0{n}:00Z", ad=f"ad{n}", visitor=f"v{n}", url=url) for n in range(4)]
    shop.receive_one_by_one([*clicks, told(shop, "F1")][::turn])
    assert shop.credited(DAY) == [("ad0", "1.000000"), ("", "0.000000")]


def test_an_unknown_click_id_credits_no_ad_until_its_click_comes(shop: DatedShop) -> None:
    sale = told(shop, "G1")
    shop.receive(sale)
    assert shop.credited(DAY) == [("", "1.000000")]
    shop.receive(shop.click(CLICKED, url="https://shop.example/?gclid=G1"))
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]


def test_a_click_of_another_site_or_after_the_sale_or_too_long_before_earns_nothing(
    shop: DatedShop, store: Store
) -> None:
    url = "https://shop.example/?gclid=G1"
    other = DatedShop(store)
    other.receive(other.click(CLICKED, url=url))
    shop.receive(shop.click("2026-08-20T08:00Z", url=url, visitor="old"), shop.click("2026-11-20T12:01Z", url=url))
    sale = told(shop, "G1")
    shop.receive(sale)
    assert case_of(shop, sale).verdict.joined == ()
    assert shop.credited(DAY) == [("", "1.000000")]


def test_two_sales_of_a_click_count_once_without_orders_and_twice_with_two(shop: DatedShop) -> None:
    shop.receive(shop.click(CLICKED, url="https://shop.example/?gclid=G1"), told(shop, "G1"), told(shop, "G1"))
    assert shop.report(DAY, DAY)["totals"]["conversions"] == "1.000000"
    shop.receive(told(shop, "G1", order="o1"), told(shop, "G1", order="o2"))
    assert shop.credited(DAY) == [("summer", "3.000000"), ("", "0.000000")]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_partner_can_retract_a_sale_by_its_click_id(shop: DatedShop, turn: int) -> None:
    retract = shop.hit("adjustment", BOUGHT, kind="retract", click="G1", trusted=True)
    hits = [shop.click(CLICKED, url="https://shop.example/?gclid=G1"), told(shop, "G1"), retract]
    shop.receive_one_by_one(hits[::turn])
    assert shop.credited(DAY) == [("", "0.000000")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_goal_that_counts_once_per_person_knows_the_person_of_a_named_click(
    shop: DatedShop, order: tuple[int, ...]
) -> None:
    Goal.objects.create(site=shop.site, key="trial", event="trial", counting="once")
    by_click = shop.hit("conversion", "2026-11-20T10:00Z", visitor="partner", name="trial", click="G1")
    own = shop.hit("event", BOUGHT, name="trial")
    hits = [shop.click(CLICKED, url="https://shop.example/?gclid=G1"), by_click, own]
    shop.receive_one_by_one([hits[n] for n in order])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    assert case_of(shop, own).reason == "not_first"


def test_a_user_who_signs_in_later_is_the_person_whose_click_was_named(shop: DatedShop) -> None:
    shop.receive_one_by_one(
        [
            told(shop, "G1"),
            shop.click(CLICKED, ad="", url="https://shop.example/?gclid=G1", visitor="phone"),
            shop.click(LATER, visitor="laptop"),
            shop.hit("event", BOUGHT, visitor="phone", name="login", user="ann"),
            shop.hit("event", BOUGHT, visitor="laptop", name="login", user="ann"),
        ],
    )
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]


class Counting:
    """A store that counts the rows that it reads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.read = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)

        def counted(*args: Any, **options: Any) -> Any:
            found = method(*args, **options)
            if name.startswith("read_"):
                self.read += len(found.rows if isinstance(found, BoundedRows) else found)
            return found

        return counted


def crowd(shop: DatedShop, number: int) -> list[Touch]:
    """Return touches of strangers with one click id, one after the other."""
    start = shop.click("2026-11-01T08:00Z").at
    place: dict[str, Any] = {"site": shop.site.key, "kind": "click", "network": "gclid", "click_id": "G1"}
    return [Touch(hit=f"t{n}", visitor=f"v{n}", at=start + n * MINUTE, **place) for n in range(number)]


def test_a_worker_reads_few_rows_of_a_click_id_that_ten_thousand_visitors_have(shop: DatedShop) -> None:
    touches = crowd(shop, 10_000)
    shop.store.add_facts(touches)
    sales = [told(shop, "G1", order=f"o{n}") for n in range(5)]
    shop.process(*sales)
    counting = Counting(shop.store)
    Processor(counting, sequence, load_site, lambda: 0, 1000).process(  # type: ignore[arg-type]
        [told(shop, "G1", order="late"), shop.click("2026-11-10T08:00Z", url="https://shop.example/?gclid=G1")], "b"
    )
    assert counting.read < 100
    assert [row.visitor for row in case_of(shop, sales[0]).verdict.joined] == ["v0"]


@pytest.mark.parametrize("late", [False, True])
def test_a_click_id_that_too_many_sales_name_loses_the_credit_that_it_joined(shop: DatedShop, late: bool) -> None:
    click = shop.click(CLICKED, url="https://shop.example/?gclid=G1")
    sales = [told(shop, "G1", order=f"o{n}") for n in range(person.MOST_NAMING)]
    for some in (sales, [click]) if late else ([click], sales):
        shop.receive(*some)
    assert shop.credited(DAY) == [("summer", f"{person.MOST_NAMING}.000000"), ("", "0.000000")]
    shop.receive(told(shop, "G1", "2026-11-20T13:30Z", order="one more"))
    assert shop.credited(DAY) == [("", f"{person.MOST_NAMING + 1}.000000")]


def test_a_persons_own_sale_counts_again_if_the_click_id_of_its_rival_becomes_crowded(
    shop: DatedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "MOST_NAMING", 1)
    Goal.objects.create(site=shop.site, key="trial", event="trial", counting="once")
    rival = shop.hit("conversion", "2026-11-20T10:00Z", visitor="partner", name="trial", click="G1")
    own = shop.hit("event", BOUGHT, name="trial")
    shop.receive_one_by_one([shop.click(CLICKED, url="https://shop.example/?gclid=G1"), rival, own])
    assert case_of(shop, own).reason == "not_first"
    shop.receive(told(shop, "G1", "2026-11-21T08:00Z"))
    assert case_of(shop, own).reason is None
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "1.000000")]


@pytest.mark.parametrize(("number", "most_rows", "joined"), [(10_000, 1_000, 0), (person.MOST_NAMING, 3_000, 200)])
def test_a_late_click_reads_and_joins_few_of_ten_thousand_sales(
    shop: DatedShop, number: int, most_rows: int, joined: int
) -> None:
    sales = named_by(shop, number)
    for start in range(0, number, 100):
        shop.store.add_facts(sales[start : start + 100])
    for visitor, clicked in (("bob", LATER), ("ann", CLICKED)):
        counting = Counting(shop.store)
        processor = Processor(counting, sequence, load_site, lambda: 0, 1000)  # type: ignore[arg-type]
        processor.process([shop.click(clicked, url="https://shop.example/?gclid=G1", visitor=visitor)], "b")
        rows = shop.store.read_timeline(shop.site.key, visitor, "conversion", (0, "", ""), 500)
        assert (len(rows), counting.read < most_rows) == (joined, True), counting.read


def named_by(shop: DatedShop, number: int) -> list[Conversion]:
    """Return sales of partners who all name one click, a second apart."""
    goal, at = shop.config().goals[0].uid, told(shop, "G1").at
    place: dict[str, Any] = {"site": shop.site.key, "goal": goal, "version": 1, "click": "G1", "bucket": at}
    return [Conversion(hit=f"s{n}", visitor=f"p{n}", order=f"o{n}", at=at + n * 1_000, **place) for n in range(number)]


def test_without_a_named_click_no_click_ids_are_read(shop: DatedShop) -> None:
    asked: list[str] = []

    class Asked:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(shop.store, name)

    processor = Processor(Asked(), sequence, load_site, lambda: 0, 1000)  # type: ignore[arg-type]
    processor.process([shop.click(CLICKED, url="https://shop.example/?gclid=G1"), shop.sale(BOUGHT)], "b")
    assert "read_by_click_id" not in asked
    processor.process([told(shop, "G1")], "b")
    assert "read_by_click_id" in asked


def test_a_joined_row_stays_if_an_earlier_click_is_found_and_readers_take_the_earliest(shop: DatedShop) -> None:
    url = "https://shop.example/?gclid=G1"
    shop.receive(shop.click(LATER, url=url, visitor="bob"), told(shop, "G1"))
    shop.receive(shop.click(CLICKED, ad="first", url=url))
    rows = [row for row in shop.store.read_claims(shop.site.key, ["c:G1"]) if isinstance(row, Joined)]
    assert {row.visitor for row in rows} == {"ann", "bob"}
    assert shop.credited(DAY) == [("first", "1.000000"), ("", "0.000000")]
    named = shop.store.read_by_click_id(shop.site.key, [ClickSlice("G1", "conversion", 0, 1 << 60, 9)])
    assert [row.touch.visitor for row in join(shop.store, shop.site.key, named)] == ["ann"]
