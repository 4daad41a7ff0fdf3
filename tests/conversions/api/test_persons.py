"""What support sees of persons: to which person a conversion belongs, by which links, and which visitors this person
has."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.api.conversions import PAGE
from conversions.facts.person import MOST_VISITORS
from conversions.store.port import Store
from tests.openapi import described
from tests.shop import HOUR, MINUTE, Shop
from tracker.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store)


def ask(shop: Shop, path: str = "/api/conversions", **query: str) -> Any:
    _, secret = Token.issue(shop.account, "report")
    return described(Client().get(path, query, headers={"authorization": f"Bearer {secret}"})).json()


def follow(shop: Shop) -> None:
    """Ann clicks on her phone, signs in there, and buys on her laptop where she is signed in."""
    shop.process(
        shop.click("c1", -2 * HOUR, visitor="phone"),
        shop.hit("page", "in1", -HOUR, visitor="phone", user="ann-id"),
        shop.hit("page", "in2", -MINUTE, visitor="phone", user="ann-id"),
        shop.sale("s1", visitor="laptop", user="ann-id", order="o1"),
    )


def test_a_conversion_names_its_user_the_users_other_visitors_and_the_links(shop: Shop) -> None:
    follow(shop)
    (told,) = ask(shop, site=shop.key, order="o1")["results"]
    assert (told["user"], told["visitor"], told["crowded"]) == ("ann-id", "laptop", [])
    (person,) = told["persons"]
    assert (person["user"], person["more_visitors"]) == ("ann-id", 0)
    assert person["visitors"] == [
        {"visitor": "laptop", "links": [{"at": "2026-11-20T12:00:00Z", "hit": "s1"}]},
        {
            "visitor": "phone",
            "links": [{"at": "2026-11-20T11:00:00Z", "hit": "in1"}, {"at": "2026-11-20T11:59:00Z", "hit": "in2"}],
        },
    ]
    (touch,) = told["touches"]
    assert (touch["hit"], touch["visitor"], touch["credit"]["last"]) == ("c1", "phone", "1.000000")


def test_a_conversion_without_a_user_belongs_to_its_visitor(shop: Shop) -> None:
    shop.process(shop.sale("s1", order="o1"), shop.sale("s2", 1, visitor="bob", order="o1"))
    (told,) = ask(shop, site=shop.key, order="o1")["results"]
    assert told["user"] is None
    assert [(one["user"], one["visitors"]) for one in told["persons"]] == [
        (None, [{"visitor": "ann", "links": []}]),
        (None, [{"visitor": "bob", "links": []}]),
    ]


def test_a_users_conversions_are_found_on_all_visitors_and_no_others(shop: Shop) -> None:
    follow(shop)
    shop.process(
        shop.sale("s0", -3 * HOUR, visitor="phone"),
        shop.sale("kiosk-ann", visitor="kiosk"),
        shop.hit("page", "k1", MINUTE, visitor="kiosk", user="ann-id"),
        shop.sale("kiosk-bob", 2 * MINUTE, visitor="kiosk"),
        shop.hit("page", "k2", 3 * MINUTE, visitor="kiosk", user="bob-id"),
    )
    found = ask(shop, site=shop.key, user="ann-id")
    assert [one["hit"] for one in found["results"]] == ["s0", "kiosk-ann", "s1"]
    assert [one["hit"] for one in ask(shop, site=shop.key, user="bob-id")["results"]] == ["kiosk-bob"]
    assert ask(shop, site=shop.key, user="cyd")["results"] == []


def test_a_users_conversions_come_in_pages_that_miss_nothing(shop: Shop) -> None:
    hits = [shop.sale(f"s{n:02}", n, visitor=f"v{n % 3}", user="ann-id") for n in range(2 * PAGE + 5)]
    shop.process(*hits)
    answer, found = ask(shop, site=shop.key, user="ann-id"), []
    while True:
        found += [row["hit"] for row in answer["results"]]
        if not answer["next"]:
            break
        answer = ask(shop, answer["next"])
    assert found == [hit.id for hit in hits]


def test_a_crowded_id_is_reported_and_finds_nothing(shop: Shop) -> None:
    shop.process(*(shop.hit("page", f"p{n}", visitor=f"v{n}", user="all") for n in range(MOST_VISITORS)))
    shop.process(shop.sale("s1", visitor="one-more", user="all", order="o1"))
    (told,) = ask(shop, site=shop.key, order="o1")["results"]
    assert (told["user"], told["crowded"]) == (None, [{"user": "all"}])
    assert ask(shop, site=shop.key, user="all")["results"] == []


def test_a_visitors_timeline_shows_the_person_of_each_fact_and_the_links(shop: Shop) -> None:
    follow(shop)
    shop.process(
        shop.click("c2", HOUR, visitor="phone"), shop.hit("page", "in3", 2 * HOUR, visitor="phone", user="bob")
    )
    rows = ask(shop, "/api/visitors", site=shop.key, visitor="phone")["results"]
    assert [(row["hit"], row["kind"], row["user"]) for row in rows] == [
        ("c1", "click", "ann-id"),
        ("in1", "link", "ann-id"),
        ("in2", "link", "ann-id"),
        ("c2", "click", "bob"),
        ("in3", "link", "bob"),
    ]


def test_supports_page_names_user_and_devices_and_finds_by_user(shop: Shop) -> None:
    follow(shop)
    staff = Client()
    staff.force_login(User.objects.create_user("sue", is_staff=True))
    page = staff.get("/explain", {"site": shop.key, "q": "ann-id", "by": "user"}, follow=True)
    text = page.content.decode()
    assert page.status_code == 200
    assert "ann-id" in text
    assert "hit in1" in text
    assert "phone" in text
