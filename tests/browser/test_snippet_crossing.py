"""The visitor's id in a real browser: the server's cookie keeps it, and a signed link takes it to other domains."""

import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page

from tests.browser.demo import fetch_report
from tests.browser.storefront import Storefront, sent

pytestmark = pytest.mark.browser


def is_loaded(page: Page) -> None:
    page.wait_for_function("window.hitledger && hitledger.site")


class TestServersCookie:
    """If page and tracker share a registrable domain, the answer sets a cookie over HTTP."""

    def visit(self, shop: Storefront, page: Page, path: str = "/") -> str:
        """Return the visitor of a page hit."""
        with page.expect_response("**/collect") as answer:
            page.goto(f"http://www.{shop.host}{path}")
        return str(sent(answer.value)[0]["visitor"])

    def test_it_restores_the_visitor_if_the_scripts_own_cookie_and_storage_are_lost(self, shop: Storefront) -> None:
        page = shop.tab(api=f"http://hits.{shop.host}:{shop.tracker.port}")
        first = self.visit(shop, page)
        page.wait_for_function("document.cookie.includes('_hls=')")
        page.evaluate(f"localStorage.clear(); document.cookie = '_hl=;path=/;max-age=0;domain={shop.host}'")
        assert page.evaluate("document.cookie") == f"_hls={first}"
        assert self.visit(shop, page, "/again") == first

    def test_it_lasts_400_days_for_the_whole_domain_on_secure_connections_only(self, shop: Storefront) -> None:
        page = shop.tab(api=f"http://hits.{shop.host}:{shop.tracker.port}")
        self.visit(shop, page)
        page.wait_for_function("document.cookie.includes('_hls=')")
        (cookie,) = [one for one in shop.browser.cookies(f"https://{shop.host}") if one["name"] == "_hls"]
        assert (cookie["domain"], cookie["secure"], cookie["sameSite"]) == (f".{shop.host}", True, "Lax")
        assert 399 * 86_400 < cookie["expires"] - time.time() <= 400 * 86_400

    def test_a_tracker_of_another_domain_sets_none(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page, sub="www.")
        page.wait_for_timeout(200)
        assert "_hls" not in page.evaluate("document.cookie")


class Pair:
    """A shop and its checkout on another domain, both with the same tag."""

    def __init__(self, shop: Storefront, attributes: str = "", listed: bool = True) -> None:
        self.shop = shop
        self.other = f"c{uuid4().hex[:8]}.localhost"
        domains = f'data-domains="{shop.host}, {self.other}"' if listed else ""
        body = (
            f'<a id="go" href="http://{self.other}/checkout?a=%20b#top">Buy</a>'
            f'<form id="pay" method="post" action="http://{self.other}/pay"><button>Pay</button></form>'
        )
        self.page = shop.tab(f"{domains} {attributes}", body=body)
        html = shop.html(f"{domains} {attributes}", body=body)
        self.page.route(f"http://{self.other}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
        shop.visit(self.page, "/shop")

    def follow(self, what: str = "#go") -> None:
        """Move the mouse to a link and click it, as a person does."""
        self.page.hover(what)
        self.page.wait_for_timeout(300)
        self.page.click(what)
        self.page.wait_for_url(f"**{self.other}/**")
        is_loaded(self.page)

    def visitor(self, url: str | None = None) -> str:
        """Return the visitor that the browser's cookie names here."""
        self.page.wait_for_function("document.cookie.includes('_hl=')")
        found: str = self.page.evaluate("/_hl=([^;]*)/.exec(document.cookie)[1]")
        return found

    def hits(self, least: int) -> list[Any]:
        shop = Storefront(self.shop.tracker, self.shop.account, self.shop.browser, host=self.other)
        return shop.hits(least)


class TestCrossing:
    """The site's other domains get the visitor's id by a signed parameter."""

    @pytest.mark.parametrize("what", ["#go", "#pay button"])
    def test_the_checkout_on_another_domain_knows_the_visitor(self, shop: Storefront, what: str) -> None:
        pair = Pair(shop)
        visitor = pair.visitor()
        pair.follow(what)
        (page,) = pair.hits(1)
        assert page.visitor == visitor
        assert pair.visitor() == visitor
        assert "hl_visitor" not in pair.page.url
        assert "hl_visitor" not in page.url

    def test_the_sale_there_is_credited_to_the_ad_here(self, shop: Storefront) -> None:
        pair = Pair(shop)
        shop.visit(pair.page, f"/?utm_source=crossing&utm_campaign={shop.host}")
        pair.follow()
        pair.page.evaluate(f"hitledger('purchase', {{ order: 'X-{shop.host}', value: '12.345678' }})")
        pair.hits(2)
        shop.tracker.manage("rollup")
        report = fetch_report(shop.tracker.url, shop.account)
        (row,) = [row for row in report["rows"] if row["ad"] == f"crossing/{shop.host}"]
        assert (row["clicks"], row["conversions"], row["value"]) == (1, "1.000000", "12.345678")

    def test_the_addresss_own_parameters_stay(self, shop: Storefront) -> None:
        pair = Pair(shop)
        pair.follow()
        (page,) = pair.hits(1)
        assert page.url.startswith(f"http://{pair.other}/checkout?a=%20b&")
        assert page.url.endswith("#top")

    def test_a_link_hands_the_visitor_over_once(self, shop: Storefront) -> None:
        pair = Pair(shop)
        visitor = pair.visitor()
        pair.page.hover("#go")
        pair.page.wait_for_timeout(300)
        pair.page.evaluate("document.addEventListener('click', event => event.preventDefault())")
        pair.page.click("#go")
        link = pair.page.get_attribute("#go", "href")
        assert link
        assert "hl_visitor=" in link
        pair.page.goto(link, referer=f"http://{shop.host}/")
        assert pair.visitor() == visitor
        pair.page.evaluate(f"localStorage.clear(); document.cookie = '_hl=;path=/;max-age=0;domain={pair.other}'")
        pair.page.goto(link, referer=f"http://{shop.host}/")
        assert pair.visitor() != visitor

    def test_a_link_from_another_browser_changes_no_visitor(self, shop: Storefront) -> None:
        pair = Pair(shop)
        visitor = pair.visitor()
        agent = {"User-Agent": pair.page.evaluate("navigator.userAgent")}
        given = {"site": shop.account["site"], "visitor": "stranger"}
        token = requests.get(f"{shop.tracker.url}/collect/crossing", given, headers=agent, timeout=30).json()["token"]
        pair.page.goto(f"http://{shop.host}/?hl_visitor={token}", referer="http://elsewhere.example/")
        is_loaded(pair.page)
        assert pair.visitor() == visitor

    @pytest.mark.parametrize("token", ["forged", "A" * 60])
    def test_a_forged_token_changes_no_visitor(self, shop: Storefront, token: str) -> None:
        pair = Pair(shop)
        visitor = pair.visitor()
        shop.stored(
            pair.page,
            lambda: pair.page.goto(f"http://{shop.host}/f?hl_visitor={token}", referer=f"http://{pair.other}/"),
        )
        assert pair.visitor() == visitor
        assert {hit.visitor for hit in shop.hits(2)} == {visitor}

    def test_while_the_tracker_is_away_the_link_works_without_handing_over(self, shop: Storefront) -> None:
        pair = Pair(shop)
        pair.page.route("**/collect/crossing*", lambda route: route.abort())
        pair.follow()
        assert pair.page.url == f"http://{pair.other}/checkout?a=%20b#top"

    @pytest.mark.parametrize(("attributes", "listed"), [("", False), ('data-consent="denied"', True)])
    def test_without_list_or_consent_nothing_is_handed_over(
        self, shop: Storefront, attributes: str, listed: bool
    ) -> None:
        pair = Pair(shop, attributes, listed)
        pair.follow()
        assert pair.page.url == f"http://{pair.other}/checkout?a=%20b#top"
        (page,) = pair.hits(1)
        assert page.visitor not in {hit.visitor for hit in shop.hits(1)}
