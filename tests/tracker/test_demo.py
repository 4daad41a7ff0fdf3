"""The demo shop: it exists only with DEMO, and needs an account."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tracker.models import Account, Site

pytestmark = pytest.mark.django_db
#: The addresses of the demo, as with DEMO.
with_demo = pytest.mark.urls("tracker.demo")
PAGES = ["/demo/news", "/demo/", "/demo/product", "/demo/checkout", "/demo/thanks?order=D-0123ABCD", "/welcome"]


@pytest.fixture
def site() -> Site:
    account = Account.objects.create(name="Demo")
    Site.objects.create(account=Account.objects.create(name="Other"), name="other")
    return Site.objects.create(account=account, name="shop", currency="EUR")


def get(address: str) -> HttpResponse:
    answer: Any = Client().get(address)
    return answer  # type: ignore[no-any-return]


@pytest.mark.parametrize("address", PAGES)
def test_without_demo_it_does_not_exist(site: Site, address: str) -> None:
    assert get(address).status_code == 404


@with_demo
@pytest.mark.parametrize("address", PAGES[1:])
def test_every_page_of_the_shop_has_the_snippet_of_its_site(site: Site, address: str) -> None:
    answer = get(address)
    assert answer.status_code == 200
    assert f'src="http://testserver/t.js" data-site="{site.key}"' in answer.content.decode()


@with_demo
def test_the_newspaper_has_the_ad_and_no_snippet(site: Site) -> None:
    text = get("/demo/news").content.decode()
    assert f'href="/click/{site.key}/demo-ad"' in text
    assert "t.js" not in text


@with_demo
def test_the_thank_you_page_reports_the_order(site: Site) -> None:
    text = get("/demo/thanks?order=D-0123ABCD").content.decode()
    assert "hitledger('purchase', { order: 'D\\u002D0123ABCD', value: '29.90', currency: 'EUR' })" in text


@with_demo
@pytest.mark.parametrize("order", ["", "D-1", "'});alert(1)//", "<script>"])
def test_a_bad_order_id_redirects_to_the_checkout(site: Site, order: str) -> None:
    answer: Any = Client().get("/demo/thanks", {"order": order})
    assert (answer.status_code, answer["Location"]) == (302, "/demo/checkout")


@with_demo
def test_without_an_account_it_says_how_to_make_one() -> None:
    answer = get("/demo/")
    assert answer.status_code == 404
    assert "manage.py bootstrap" in answer.content.decode()


@with_demo
def test_a_page_may_load_only_the_snippet_and_the_shops_own_script(site: Site) -> None:
    answer = get("/demo/thanks?order=D-0123ABCD")
    policy = answer["Content-Security-Policy"]
    (nonce,) = re.findall(r"script-src 'self' 'nonce-([\w-]+)'; connect-src 'self'", policy)
    assert f'<script nonce="{nonce}">' in answer.content.decode()
    assert policy.startswith("default-src 'none';")
    assert get("/demo/")["Content-Security-Policy"] != policy
