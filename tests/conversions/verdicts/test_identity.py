"""Persons: a user's visitors are one person. Credit crosses the person's devices in any order of arrival. Different
users stay apart."""

from itertools import permutations

import pytest

from conversions.configuration.loading import load_site
from conversions.facts.person import MOST_USERS, MOST_VISITORS
from conversions.marks.process import Processor
from conversions.models import Goal
from conversions.store.linked import read_sets
from conversions.store.port import Store
from conversions.units.clock import DAY_MS, day_start
from conversions.verdicts.cases import Case, read_cases
from tests.reports import DatedShop
from tracker.collection.hit import Hit

pytestmark = pytest.mark.django_db

DAY = "2026-11-20"
CLICKED, SIGNED_IN, BOUGHT = "2026-11-20T08:00Z", "2026-11-20T10:00Z", "2026-11-20T12:00Z"


@pytest.fixture
def shop(store: Store) -> DatedShop:
    return DatedShop(store)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_credit_follows_a_person_over_devices_in_any_order_of_link_touch_and_conversion(
    shop: DatedShop, order: tuple[int, ...]
) -> None:
    click = shop.click(CLICKED, visitor="phone")
    link = shop.hit("page", SIGNED_IN, visitor="phone", user="ann")
    sale = shop.sale(BOUGHT, visitor="laptop", user="ann")
    shop.receive_one_by_one([(click, link, sale)[n] for n in order])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_credit_follows_a_person_who_signs_in_on_both_devices_afterwards(
    shop: DatedShop, order: tuple[int, ...]
) -> None:
    hits = [
        shop.click(CLICKED, visitor="phone"),
        shop.sale(BOUGHT, visitor="laptop"),
        shop.hit("event", "2026-11-21T08:00Z", visitor="phone", name="login", user="ann"),
        shop.hit("event", "2026-11-22T08:00Z", visitor="laptop", name="login", user="ann"),
    ]
    shop.receive_one_by_one([hits[n] for n in order])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]


@pytest.mark.parametrize("turn", [1, -1])
def test_on_a_shared_computer_each_user_gets_the_touches_before_its_sign_in(shop: DatedShop, turn: int) -> None:
    hits = [
        shop.click("2026-11-20T08:00Z", "anns", visitor="kiosk"),
        shop.hit("page", "2026-11-20T09:00Z", visitor="kiosk", user="ann"),
        shop.click("2026-11-20T10:00Z", "bobs", visitor="kiosk"),
        shop.hit("page", "2026-11-20T11:00Z", visitor="kiosk", user="bob"),
        shop.sale("2026-11-20T12:00Z", visitor="anns-phone", user="ann"),
        shop.sale("2026-11-20T13:00Z", visitor="bobs-phone", user="bob"),
    ]
    shop.receive_one_by_one(hits[::turn])
    assert shop.credited(DAY) == [("anns", "1.000000"), ("bobs", "1.000000"), ("", "0.000000")]


def test_a_goal_that_counts_once_counts_once_per_person_over_all_devices(shop: DatedShop) -> None:
    Goal.objects.create(site=shop.site, key="trial", event="trial", counting="once")
    phone = shop.hit("event", "2026-11-20T12:00Z", visitor="phone", name="trial")
    laptop = shop.hit("event", "2026-11-20T13:00Z", visitor="laptop", name="trial")
    shop.receive(phone, laptop)
    assert shop.report(DAY, DAY)["totals"]["conversions"] == "2.000000"
    for visitor in ("phone", "laptop"):
        shop.receive(shop.hit("page", "2026-11-20T14:00Z", visitor=visitor, user="ann"))
    assert shop.report(DAY, DAY)["totals"]["conversions"] == "1.000000"
    assert [case.reason for case in cases(shop, phone, laptop)] == [None, "not_first"]


def cases(shop: DatedShop, *hits: Hit) -> list[Case]:
    rows = [row for hit in hits for row in shop.store.find_hit(shop.site.key, hit.id)]
    return sorted(read_cases(shop.store, shop.config(), rows), key=lambda case: case.verdict.winner.at)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_goal_that_counts_one_per_click_counts_one_over_all_devices(shop: DatedShop, turn: int) -> None:
    Goal.objects.create(site=shop.site, key="trial", event="trial", counting="click")
    trials = [
        shop.hit("event", "2026-11-20T12:00Z", visitor="laptop", name="trial", user="ann"),
        shop.hit("event", "2026-11-20T13:00Z", visitor="tablet", name="trial", user="ann"),
    ]
    shop.receive_one_by_one([shop.click(CLICKED, visitor="phone", user="ann"), *trials][::turn])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    assert [case.reason for case in cases(shop, *trials)] == [None, "not_first_of_click"]


def test_two_users_of_a_computer_with_the_same_click_id_have_a_click_each(shop: DatedShop) -> None:
    Goal.objects.create(site=shop.site, key="trial", event="trial", counting="click")
    address = "https://shop.example/?gclid=G1"
    for hour, user in ((8, "ann"), (10, "bob")):
        shop.receive(shop.hit("page", f"2026-11-20T{hour:02}:00Z", visitor="kiosk", user=user, url=address))
        shop.receive(shop.hit("event", f"2026-11-20T{hour + 1:02}:00Z", visitor=f"{user}s", name="trial", user=user))
    assert shop.credited(DAY) == [("google-ads", "2.000000"), ("", "0.000000")]


@pytest.mark.parametrize("user", ["", "null", "Undefined", "anonymous", "[object Object]", "0"])
def test_an_id_that_stands_for_nobody_links_nobody(shop: DatedShop, user: str) -> None:
    shop.receive(shop.click(CLICKED, visitor="phone", user=user), shop.sale(BOUGHT, visitor="laptop", user=user))
    assert shop.credited(DAY) == [("", "1.000000")]


def test_crawlers_link_nobody(shop: DatedShop) -> None:
    shop.receive(
        shop.click(CLICKED, visitor="phone"),
        shop.hit("page", SIGNED_IN, visitor="phone", user="ann", ua="Googlebot/2.1"),
        shop.sale(BOUGHT, visitor="laptop", user="ann"),
    )
    assert shop.credited(DAY) == [("", "1.000000")]


def test_an_adjustment_with_a_user_makes_no_link_but_applies(shop: DatedShop) -> None:
    shop.receive(
        shop.click(CLICKED, visitor="office"),
        shop.sale(BOUGHT, visitor="laptop", user="ann", order="o"),
        shop.hit("adjustment", BOUGHT, visitor="office", user="ann", kind="refund", order="o", value=1_000_000),
    )
    report = shop.report(DAY, DAY)
    assert report["unattributed"] == {"conversions": "1.000000", "value": "9.000000"}


def test_a_conversion_that_meets_no_goal_makes_a_link_and_is_listed(shop: DatedShop) -> None:
    shop.receive(shop.click(CLICKED, visitor="phone"), shop.sale(BOUGHT, visitor="laptop", user="ann"))
    shop.receive(shop.hit("conversion", SIGNED_IN, visitor="phone", name="unheard-of", user="ann"))
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    today = day_start(DAY, "UTC")
    assert list(shop.store.read_rejected_counts(shop.site.key, today, today + DAY_MS)) == ["no_goal"]


@pytest.mark.parametrize("late", [False, True])
def test_a_crowded_user_is_no_person_and_loses_the_credit_that_it_joined(shop: DatedShop, late: bool) -> None:
    shop.receive(shop.click(CLICKED, visitor="v0", user="all"), shop.sale(BOUGHT, visitor="v1", user="all"))
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    crowd = [shop.hit("page", SIGNED_IN, visitor=f"v{n}", user="all") for n in range(MOST_VISITORS + 1)]
    shop.receive(*crowd[:-1])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    shop.receive(*crowd[-1:])
    assert shop.credited(DAY) == [("", "1.000000")]
    if late:
        shop.receive(shop.sale(BOUGHT, visitor="v0"), shop.click(CLICKED, visitor="late", user="all"))
        assert shop.credited(DAY) == [("summer", "1.000000"), ("", "1.000000")]


def test_a_crowded_visitor_is_no_persons(shop: DatedShop) -> None:
    shop.receive(shop.click(CLICKED, visitor="kiosk", user="u0"), shop.sale(BOUGHT, visitor="laptop", user="u0"))
    users = [shop.hit("page", SIGNED_IN, visitor="kiosk", user=f"u{n}") for n in range(MOST_USERS + 1)]
    shop.receive(*users[:-1])
    assert shop.credited(DAY) == [("summer", "1.000000"), ("", "0.000000")]
    shop.receive(*users[-1:])
    assert shop.credited(DAY) == [("", "1.000000")]


def test_a_crowded_set_stops_growing(shop: DatedShop) -> None:
    for start in (0, 400, 800, 1_200):
        shop.receive(*(shop.hit("page", SIGNED_IN, visitor=f"v{n}", user="all") for n in range(start, start + 400)))
    (linked,) = read_sets(shop.store, shop.site.key, ["u:all"]).values()
    assert MOST_VISITORS < len(linked) <= 802


def test_if_a_worker_dies_before_marking_a_crowds_buckets_the_next_marks_them(shop: DatedShop) -> None:
    shop.receive(shop.click(CLICKED, visitor="v0", user="all"), shop.sale(BOUGHT, visitor="v1", user="all"))
    crowd = [shop.hit("page", SIGNED_IN, visitor=f"v{n}", user="all") for n in range(MOST_VISITORS + 1)]
    shop.process(*crowd[:-1])
    shop.roll_up()
    with pytest.raises(SystemExit):
        Processor(shop.store, Dying(), load_site, lambda: 0, 1_000).process(crowd[-1:], "batch")  # type: ignore[arg-type]
    shop.receive(shop.hit("page", SIGNED_IN, visitor="v7", user="all"))
    assert shop.credited(DAY) == [("", "1.000000")]


class Dying:
    """Marks whose process is killed before it writes any."""

    def mark_places(self, *_: object) -> None:
        raise SystemExit
