"""`/collect/crossing`: a token gives the visitor's id to the same browser on another domain, once."""

from typing import Any

import pytest
from django.test import Client

from tests.shop import Shop
from tracker.models import TakenCrossing
from tracker.site_cache import SITES

pytestmark = pytest.mark.django_db
FIREFOX = Client(headers={"User-Agent": "Firefox", "Origin": "https://shop.example"})


@pytest.fixture
def shop(sql_store: Any) -> Shop:
    SITES.forget()
    return Shop(sql_store)


def ask(client: Client = FIREFOX, **given: str) -> Any:
    return client.get("/collect/crossing", given)


def token(shop: Shop, visitor: str = "v1") -> str:
    return str(ask(site=shop.key, visitor=visitor).json()["token"])


def test_a_token_gives_its_visitor_once(shop: Shop) -> None:
    given = token(shop)
    first, again = ask(site=shop.key, token=given), ask(site=shop.key, token=given)
    assert first.json() == {"visitor": "v1"}
    assert (first["Cache-Control"], first["Access-Control-Allow-Origin"]) == ("no-store", "https://shop.example")
    assert (again.status_code, again.json()["error"]["code"]) == (403, "bad_crossing")


def test_another_browser_gets_nothing_and_leaves_the_token_valid(shop: Shop) -> None:
    given = token(shop)
    assert ask(Client(headers={"User-Agent": "Chrome"}), site=shop.key, token=given).status_code == 403
    assert ask(site=shop.key, token=given).status_code == 200


def test_another_site_gets_nothing(shop: Shop, sql_store: Any) -> None:
    assert ask(site=Shop(sql_store).key, token=token(shop)).status_code == 403


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({}, 400, "missing_visitor"),
        ({"visitor": "a b"}, 400, "bad_visitor"),
        ({"token": "x"}, 403, "bad_crossing"),
        ({"token": "x" * 500}, 400, "too_long"),
        ({"site": "none", "visitor": "v"}, 404, "unknown_site"),
    ],
)
def test_a_bad_request_is_refused_with_a_code(shop: Shop, given: dict[str, str], status: int, code: str) -> None:
    answer = ask(**{"site": shop.key, **given})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer["X-Hit-Error"] == code


def test_used_tokens_are_forgotten_after_a_while(shop: Shop) -> None:
    assert TakenCrossing.take("old", now=1_000, forget_before=0)
    assert TakenCrossing.take("new", now=9_000, forget_before=5_000)
    assert list(TakenCrossing.objects.values_list("seal", flat=True)) == ["new"]


def test_a_site_above_its_rate_is_told_to_wait(shop: Shop) -> None:
    shop.site.hits_per_second = 1
    shop.site.save()
    SITES.forget()
    answers = [ask(site=shop.key, visitor="v1").status_code for _ in range(5)]
    assert 429 in answers
