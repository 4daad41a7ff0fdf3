"""The snippet and consent in a real browser: what is stored, read and sent under each signal."""

import hashlib
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.demo import fetch_report
from tests.browser.storefront import STUB, Storefront, sent

pytestmark = pytest.mark.browser

SIGNALS = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
KEPT_HERE = "[document.cookie, ...Object.keys(localStorage)].filter(text => text).join()"
COOKIES = "; ".join(
    f"document.cookie = '{name}={text};path=/'"
    for name, text in {"_fbp": "fb.1.17.1", "_fbc": "fb.1.17.Iw", "_ttp": "2xT", "_ga": "GA1.1.77.88"}.items()
)
PRIVACY = "Object.defineProperty(Navigator.prototype, '{}', {{ get: () => {} }})"


def is_loaded(page: Page) -> None:
    page.wait_for_function("window.hitledger && hitledger.site")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TestPending:
    """Until the person has chosen, nothing is stored and nothing is sent."""

    def test_a_grant_sends_what_happened_before_with_the_landing_address_and_referrer(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="pending" data-spa')
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://{shop.host}/?utm_source=news&gclid=G1", referer="http://search.example/")
        is_loaded(page)
        page.evaluate("history.pushState(null, '', '/two')")
        page.wait_for_timeout(200)
        page.evaluate("hitledger('event', { name: 'film' })")
        page.wait_for_timeout(300)
        assert page.evaluate(KEPT_HERE) == ""
        assert [url for url in asked if "/collect" in url] == []
        page.evaluate(
            f"hitledger('consent', {{ {', '.join(f'{name}: {chr(39)}granted{chr(39)}' for name in SIGNALS)} }})"
        )
        hits = shop.hits(3)
        assert [(hit.type, hit.url.partition(shop.host)[2]) for hit in hits] == [
            ("page", "/?utm_source=news&gclid=G1"),
            ("page", "/two"),
            ("event", "/two"),
        ]
        assert hits[0].ref == "http://search.example/"
        assert len({hit.visitor for hit in hits}) == 1
        assert hits[0].consent == dict.fromkeys(SIGNALS, "granted")
        assert "_hl=" in page.evaluate("document.cookie")

    def test_a_denial_sends_earlier_hits_without_a_visitor_and_stores_nothing(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="pending"')
        page.goto(f"http://{shop.host}/?gclid=G1")
        is_loaded(page)
        page.evaluate("hitledger('consent', { analytics_storage: 'denied' })")
        (hit,) = shop.hits(1)
        assert page.evaluate(KEPT_HERE) == ""
        assert (hit.consent["analytics_storage"], hit.ip, hit.ua) == ("denied", "", "")
        assert "G1" not in hit.url

    def test_a_page_that_is_left_undecided_sends_nothing(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="analytics_storage=pending"')
        page.goto(f"http://{shop.host}/undecided")
        is_loaded(page)
        page.goto("about:blank")
        shop.visit(shop.tab('data-consent="granted"'), "/later")
        assert [hit.url.rpartition("/")[2] for hit in shop.hits()] == ["later"]

    def test_a_choice_made_before_the_snippet_loads_holds_for_its_first_hit(self, shop: Storefront) -> None:
        script = f"{STUB} hitledger('consent', {{ analytics_storage: 'denied' }})"
        page = shop.tab(script=script)
        (hit,) = sent(shop.visit(page))
        assert hit["consent"] == {"analytics_storage": "denied"}
        assert "visitor" not in hit
        assert page.evaluate(KEPT_HERE) == ""


class TestDenied:
    """Without `analytics_storage` the browser stores nothing, and nobody is recognised."""

    def test_each_page_is_a_hit_without_a_known_visitor(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="denied"')
        shop.visit(page, "/one")
        shop.visit(page, "/two")
        first, second = shop.hits(2)
        assert first.visitor != second.visitor
        assert page.evaluate(KEPT_HERE) == ""

    def test_a_failed_hit_waits_only_in_memory(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="denied"')
        page.route("**/collect", lambda route: route.abort())
        page.goto(f"http://{shop.host}/one")
        is_loaded(page)
        page.wait_for_timeout(300)
        assert page.evaluate(KEPT_HERE) == ""
        page.unroute("**/collect")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        assert [hit.consent["analytics_storage"] for hit in shop.hits(1)] == ["denied"]

    def test_consent_that_is_withdrawn_leaves_nothing_behind(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page, "/one", sub="www.")
        page.evaluate(f"document.cookie = '_hls=x;path=/;domain={shop.host}'")
        before = page.evaluate("document.cookie")
        assert "_hl=" in before
        assert "_hls=" in before
        page.wait_for_function("Object.keys(localStorage).join() === '_hl'")
        page.evaluate("hitledger('consent', { analytics_storage: 'denied' })")
        assert page.evaluate(KEPT_HERE) == ""
        shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        first, second = shop.hits(2)
        assert first.visitor != second.visitor

    def test_pending_then_granted_then_withdrawn_is_right_in_the_report(self, shop: Storefront) -> None:
        page = shop.tab('data-consent="pending"')
        page.goto(f"http://{shop.host}/?utm_source=consent&utm_campaign={shop.host}")
        is_loaded(page)
        page.evaluate("hitledger('consent', { analytics_storage: 'granted' })")
        sale = "hitledger('purchase', {{ order: '{}-' + location.host, value: '{}' }})"
        page.evaluate(sale.format("A", "10.000001"))
        shop.hits(2)
        page.evaluate("hitledger('consent', { analytics_storage: 'denied' })")
        page.evaluate(sale.format("B", "7"))
        shop.hits(3)
        shop.tracker.manage("rollup")
        report = fetch_report(shop.tracker.url, shop.account)
        (row,) = [row for row in report["rows"] if row["ad"] == f"consent/{shop.host}"]
        assert (row["clicks"], row["conversions"], row["value"]) == (1, "1.000000", "10.000001")


class TestBrowsersSignals:
    """Global Privacy Control and Do Not Track are respected, unless the page says otherwise."""

    @pytest.mark.parametrize(("name", "value"), [("globalPrivacyControl", "true"), ("doNotTrack", "'1'")])
    def test_they_deny_everything_although_the_page_grants_it(self, shop: Storefront, name: str, value: str) -> None:
        page = shop.tab('data-consent="granted"', init=PRIVACY.format(name, value))
        (hit,) = sent(shop.visit(page))
        assert hit["consent"] == dict.fromkeys(SIGNALS, "denied")
        page.evaluate("hitledger('consent', { analytics_storage: 'granted' })")
        answer = shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        assert sent(answer)[0]["consent"]["analytics_storage"] == "denied"
        assert page.evaluate(KEPT_HERE) == ""

    def test_a_page_may_ignore_them(self, shop: Storefront) -> None:
        page = shop.tab('data-gpc="ignore"', init=PRIVACY.format("globalPrivacyControl", "true"))
        (hit,) = sent(shop.visit(page))
        assert hit["consent"] == {}
        assert hit["visitor"]

    @pytest.mark.parametrize(("name", "value"), [("globalPrivacyControl", "false"), ("doNotTrack", "'0'")])
    def test_a_browser_without_these_signals_denies_nothing(self, shop: Storefront, name: str, value: str) -> None:
        (hit,) = sent(shop.visit(shop.tab(init=PRIVACY.format(name, value))))
        assert hit["visitor"]


class TestMatchKeys:
    """The match keys of networks are read and hashed if their signal is granted."""

    CALL = "hitledger('purchase', { email: ' Ann@Shop.Example ', phone: '+49 (151) 234-56' })"

    def sale(self, shop: Storefront, attributes: str, call: str = CALL) -> dict[str, Any]:
        page = shop.tab(attributes, init=COOKIES)
        shop.visit(page)
        answer = shop.stored(page, lambda: page.evaluate(call))
        data = answer.request.post_data or ""
        assert not any(raw in data for raw in ("nn@", "234-56", "(151)", "15123456"))
        match: dict[str, Any] = shop.hits(2)[1].match
        return match

    def test_match_keys_are_the_networks_cookies_and_hashes(self, shop: Storefront) -> None:
        assert self.sale(shop, "") == {
            "email": digest("ann@shop.example"),
            "phone": digest("+4915123456"),
            "phone_digits": digest("4915123456"),
            "fbp": "fb.1.17.1",
            "fbc": "fb.1.17.Iw",
            "ttp": "2xT",
            "ga": "77.88",
        }

    @pytest.mark.parametrize(
        ("denied", "left"),
        [
            ("ad_storage=denied", {"email", "phone", "phone_digits"}),
            ("ad_user_data=denied", {"fbp", "fbc", "ttp", "ga"}),
            ("analytics_storage=denied", set()),
        ],
    )
    def test_each_needs_its_signal(self, shop: Storefront, denied: str, left: set[str]) -> None:
        assert set(self.sale(shop, f'data-consent="{denied}"')) == left

    def test_a_number_without_its_country_is_left_out(self, shop: Storefront) -> None:
        call = "hitledger('purchase', { phone: '0151 23456' })"
        assert set(self.sale(shop, "", call)) == {"fbp", "fbc", "ttp", "ga"}
