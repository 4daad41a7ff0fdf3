"""`/api/visitors`: one visitor's timeline."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.api.visitors import PAGE
from conversions.store.port import Store
from tests.openapi import described
from tests.shop import BATCH, HOUR, MINUTE, Shop
from tracker.archive import archive_key
from tracker.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store)


def ask(shop: Shop, path: str = "/api/visitors", **query: str) -> Any:
    _, secret = Token.issue(shop.account, "report")
    return described(Client().get(path, query, headers={"authorization": f"Bearer {secret}"}))


def test_touches_and_conversions_are_listed_in_time_order_with_their_batch(shop: Shop) -> None:
    shop.process(shop.sale("s1", order="o1"), shop.click("c2", MINUTE), shop.click("bobs", visitor="bob"))
    shop.process(shop.hit("page", "c1", -HOUR, url="https://s.example/?utm_source=news"))
    answer = ask(shop, site=shop.key, visitor="ann").json()
    assert (answer["site"], answer["visitor"], answer["next"]) == (shop.key, "ann", None)
    first, sale, last = answer["results"]
    assert (first["kind"], first["hit"], first["ad"], first["configured"]) == ("click", "c1", "news", False)
    assert first["parameters"] == {"source": "news"}
    assert (sale["kind"], sale["at"], sale["order"]) == ("conversion", "2026-11-20T12:00:00Z", "o1")
    assert (sale["goal"], sale["sent"]["value"]) == ({"key": "purchase", "version": 1}, "29.900000")
    assert (sale["batch"], sale["archive_key"]) == (BATCH, archive_key(BATCH))
    assert (last["hit"], last["ad"], last["configured"]) == ("c2", "demo-ad", True)


def test_a_conversions_id_leads_to_its_explanation(shop: Shop) -> None:
    shop.process(shop.sale("s1"))
    (sale,) = ask(shop, site=shop.key, visitor="ann").json()["results"]
    assert ask(shop, f"/api/conversions/{sale['id']}").json()["hit"] == "s1"


def test_a_long_timeline_comes_in_pages_that_miss_nothing(shop: Shop) -> None:
    hits = [shop.click(f"c{n}", n // 3) if n % 2 else shop.sale(f"s{n}", n // 3) for n in range(2 * PAGE + 50)]
    shop.process(*hits)
    answer, found = ask(shop, site=shop.key, visitor="ann").json(), []
    while True:
        found += [row["hit"] for row in answer["results"]]
        if not answer["next"]:
            break
        answer = ask(shop, answer["next"]).json()
    assert found == [hit.id for hit in sorted(hits, key=lambda hit: (hit.at, hit.id))]


def test_an_unknown_visitor_has_an_empty_timeline(shop: Shop) -> None:
    assert ask(shop, site=shop.key, visitor="nobody").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "missing_visitor", "visitor"),
        ({"visitor": "a\0"}, "bad_parameter", "visitor"),
        ({"visitor": "ann", "after": "soon"}, "bad_page", "after"),
    ],
)
def test_unreadable_parameters_are_refused_with_a_code(
    shop: Shop, query: dict[str, str], code: str, field: str
) -> None:
    answer = ask(shop, site=shop.key, **query)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (400, code, field)


def test_another_accounts_visitors_are_not_found(shop: Shop) -> None:
    assert ask(Shop(shop.store), site=shop.key, visitor="ann").status_code == 404


def test_signed_in_staff_reads_it_in_the_browser(shop: Shop) -> None:
    shop.process(shop.click("c1"))
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))
    page = client.get("/api/visitors", {"site": shop.key, "visitor": "ann"}, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "demo-ad" in page.content.decode()
