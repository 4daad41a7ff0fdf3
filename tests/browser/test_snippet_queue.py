"""The snippet's queue in a real browser: a hit is stored until the tracker has accepted it, and counts once."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.demo import fetch_report
from tests.browser.storefront import KEPT, NOTHING_KEPT, Storefront

pytestmark = pytest.mark.browser

OURS = {"Access-Control-Expose-Headers": "X-Hit-Error", "X-Hit-Error": "bad_value"}


class Box:
    """A proxy between page and tracker. It refuses requests as the test says, and notes what it refused."""

    def __init__(self, page: Page, status: int | None, headers: dict[str, str] | None = None) -> None:
        self.page = page
        self.status = status
        self.headers = headers or {}
        self.hits: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        page.route("**/collect", self.refuse)

    def refuse(self, route: Route) -> None:
        body = route.request.post_data or "[]"
        self.hits.extend(json.loads(body))
        self.sizes.append(len(body.encode()))
        if not self.status:
            route.abort()
            return
        origin = route.request.headers.get("origin", "*")
        allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        route.fulfill(status=self.status, headers={**allowed, **self.headers})

    def open(self) -> None:
        self.page.unroute("**/collect")


def is_loaded(page: Page) -> None:
    page.wait_for_function("window.hitledger && hitledger.site")


def keep(shop: Storefront, page: Page, **hits: dict[str, Any]) -> None:
    """Store hits of an earlier page in the browser, each under a key that sorts by time."""
    for place, hit in hits.items():
        text = json.dumps({"site": shop.account["site"], "ts": time.time_ns() // 1_000_000, "type": "event", **hit})
        page.evaluate("([key, text]) => localStorage[key] = text", [f"_hl:{shop.account['site']}:{place[1:]}", text])


class TestRefused:
    """A refused hit is sent again or dropped; that depends on who refused it, and why."""

    @pytest.mark.parametrize("status", [503, 502, 429, 425, 408, 403, 404, 413, 200, None])
    def test_a_hit_that_failed_is_sent_from_the_next_page_with_the_same_id_and_time(
        self, shop: Storefront, status: int | None
    ) -> None:
        page = shop.tab()
        box = Box(page, status, OURS if status in (503, 429, 425, 408) else {})
        page.goto(f"http://{shop.host}/one")
        page.wait_for_function(f"{KEPT}.length === 1")
        page.wait_for_timeout(200)
        box.open()
        assert shop.hits() == []

        shop.visit(page, "/two")
        first, second = shop.hits(2)
        page.wait_for_function(NOTHING_KEPT)
        assert (first.id, first.at) == (box.hits[0]["id"], box.hits[0]["ts"])
        assert (first.visitor, first.url.rpartition("/")[2]) == (second.visitor, "one")

    def test_a_hit_that_failed_is_sent_again_while_the_page_stays_open(self, shop: Storefront) -> None:
        page = shop.tab()
        page.clock.install()
        box = Box(page, 503)
        page.goto(f"http://{shop.host}/one")
        is_loaded(page)
        page.wait_for_timeout(200)
        box.open()
        page.clock.fast_forward(6_000)
        assert [hit.type for hit in shop.hits(1)] == ["page"]

    @pytest.mark.parametrize("status", [400, 401, 404, 413])
    def test_a_hit_that_the_tracker_refuses_is_dropped(self, shop: Storefront, status: int) -> None:
        page = shop.tab()
        box = Box(page, status, OURS)
        page.goto(f"http://{shop.host}/one")
        is_loaded(page)
        page.wait_for_function(NOTHING_KEPT)
        assert len(box.hits) == 1

    def test_a_refusal_of_the_tracker_is_marked_as_its_own(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        with page.expect_response("**/collect") as answer:
            page.evaluate("hitledger('adjustment', { kind: 'refund' })")
        assert (answer.value.status, answer.value.headers["x-hit-error"]) == (400, "missing_order")
        page.wait_for_function(NOTHING_KEPT)

    def test_a_request_that_keeps_failing_is_split_until_the_good_hits_are_accepted(self, shop: Storefront) -> None:
        page = shop.tab(init="navigator.sendBeacon = () => true")
        shop.visit(page)
        poison = {"id": "poison", "name": "union select", "url": f"http://{shop.host}/0"}
        good = {f"_1790000000{n:03}.1": {"id": f"good{n}", "url": f"http://{shop.host}/{n}"} for n in range(1, 40)}
        keep(shop, page, **{"_1790000000000.1": poison}, **good)

        def firewall(route: Route) -> None:
            if "union select" in (route.request.post_data or ""):
                route.fulfill(status=403, body="blocked")
            else:
                route.continue_()

        page.route("**/collect", firewall)
        page.goto(f"http://{shop.host}/two")
        hits = shop.hits(41)
        assert len(hits) == 41
        assert "poison" not in {hit.id for hit in hits}
        page.wait_for_function(f"{KEPT}.length === 1")

    def test_stored_hits_are_bounded_and_the_newest_stay(self, shop: Storefront) -> None:
        page = shop.tab()
        Box(page, None)
        page.goto(f"http://{shop.host}/")
        is_loaded(page)
        page.evaluate("for (let n = 0; n < 620; n++) hitledger('event', { name: 'n' + n })")
        page.wait_for_timeout(200)
        names = page.evaluate(f"{KEPT}.map(key => JSON.parse(localStorage[key]).name)")
        assert names[-500:] == [f"n{n}" for n in range(120, 620)]
        assert len(names) <= 501


class TestSize:
    """Browsers let at most 64 KiB of requests outlive their page. The snippet counts bytes, not letters."""

    def test_long_queues_with_multibyte_letters_are_sent_in_parts(self, shop: Storefront) -> None:
        page = shop.tab()
        box = Box(page, 503)
        page.goto(f"http://{shop.host}/")
        is_loaded(page)
        title = "'日本語の長い題名'.repeat(100)"
        page.evaluate(f"for (let n = 0; n < 60; n++) hitledger('event', {{ name: 'n' + n, title: {title} }})")
        page.wait_for_timeout(300)
        box.open()
        sizes: list[int] = []
        page.on("request", lambda request: sizes.append(len(request.post_data_buffer or b"")))
        page.goto(f"http://{shop.host}/next")
        assert len(shop.hits(62)) == 62
        assert max(box.sizes + sizes) < 64_000
        page.wait_for_function(NOTHING_KEPT)

    def test_one_hit_above_the_limit_is_sent_alone(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        shop.stored(page, lambda: page.evaluate("hitledger('event', { name: 'big', more: 'x'.repeat(64500) })"))
        assert [hit.name for hit in shop.hits()] == ["", "big"]


class TestTabs:
    """Two tabs of a shop share the stored hits and lose none of them."""

    @pytest.mark.parametrize("init", ["", "Object.defineProperty(navigator, 'locks', { value: undefined })"])
    def test_two_tabs_that_lose_their_connection_lose_no_hit(self, shop: Storefront, init: str) -> None:
        tabs = [shop.tab(init=init), shop.tab(init=init)]
        boxes = [Box(tab, None) for tab in tabs]
        for tab in tabs:
            tab.goto(f"http://{shop.host}/")
            is_loaded(tab)
        for n in range(10):
            for place, tab in enumerate(tabs):
                tab.evaluate(f"hitledger('event', {{ name: 'tab{place}-{n}' }})")
        for box in boxes:
            box.open()
        for tab in tabs:
            tab.evaluate("window.dispatchEvent(new Event('online'))")
        assert len(shop.hits(22)) == 22
        for tab in tabs:
            tab.wait_for_function(NOTHING_KEPT)

    def test_hits_that_one_tab_is_sending_are_not_sent_by_the_other(self, shop: Storefront) -> None:
        slow, quick = shop.tab(), shop.tab()
        held: list[Route] = []
        slow.route("**/collect", lambda route: held.append(route))
        slow.goto(f"http://{shop.host}/slow")
        slow.wait_for_function(f"{KEPT}.length === 1")
        shop.visit(quick, "/quick")
        quick.wait_for_timeout(500)
        assert [hit.url.rpartition("/")[2] for hit in shop.hits()] == ["quick"]
        held[0].continue_()
        assert len(shop.hits(2)) == 2
        slow.wait_for_function(NOTHING_KEPT)

    def test_hits_of_a_closed_tab_are_sent_by_the_other(self, shop: Storefront) -> None:
        closed, other = shop.tab(), shop.tab()
        Box(closed, None)
        closed.goto(f"http://{shop.host}/closed")
        closed.wait_for_function(f"{KEPT}.length === 1")
        closed.close()
        shop.visit(other, "/other")
        assert {hit.url.rpartition("/")[2] for hit in shop.hits(2)} == {"closed", "other"}

    def test_two_trackers_on_one_shop_store_their_hits_separately(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate("localStorage['_hl:another:1790000000000.1'] = '{}'")
        shop.visit(page, "/next")
        page.wait_for_timeout(200)
        assert page.evaluate(KEPT) == ["_hl:another:1790000000000.1"]


class TestOutage:
    """After an outage, the report is right to the last micro."""

    def test_an_outage_of_an_hour_loses_nothing_and_doubles_nothing(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        page.clock.install()
        box = Box(page, None)
        page.goto(f"http://{shop.host}/?utm_source=outage&utm_campaign={shop.host}")
        is_loaded(page)
        order = f"O-{shop.host}"
        for minute in range(60):
            page.clock.fast_forward(60_000)
            page.evaluate(f"history.pushState(null, '', '/minute/{minute}')")
        page.evaluate(f"hitledger('purchase', {{ order: '{order}', value: '19.990001' }})")
        page.clock.fast_forward(60_000)
        box.open()
        page.clock.fast_forward(301_000)
        page.wait_for_function(NOTHING_KEPT)
        hits = shop.hits(62)
        assert [hit.url.rpartition("/minute/")[2] for hit in hits[1:61]] == [str(n) for n in range(60)]
        assert sum(hit.order == order for hit in hits) == 1
        shop.tracker.manage("rollup")
        report = fetch_report(shop.tracker.url, shop.account)
        (row,) = [row for row in report["rows"] if row["ad"] == f"outage/{shop.host}"]
        assert (row["clicks"], row["conversions"], row["value"]) == (1, "1.000000", "19.990001")

    def test_a_tracker_that_restarts_during_a_purchase_counts_it_once(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page, f"/?utm_source=restart&utm_campaign={shop.host}")
        shop.tracker.kill("web")
        page.evaluate(f"hitledger('purchase', {{ order: 'R-{shop.host}', value: '5.5' }})")
        page.wait_for_function(f"{KEPT}.length === 1")
        shop.tracker.start("web")
        shop.visit(page, "/thanks")
        page.wait_for_function(NOTHING_KEPT)
        shop.tracker.manage("rollup")
        report = fetch_report(shop.tracker.url, shop.account)
        (row,) = [row for row in report["rows"] if row["ad"] == f"restart/{shop.host}"]
        assert (row["clicks"], row["conversions"], row["value"]) == (1, "1.000000", "5.500000")

    def test_without_storage_failed_hits_are_sent_as_the_page_closes(self, shop: Storefront) -> None:
        init = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })"
        page = shop.tab(init=init)
        box = Box(page, 503)
        page.goto(f"http://{shop.host}/blocked")
        is_loaded(page)
        page.wait_for_timeout(200)
        box.open()
        page.goto("about:blank")
        assert [hit.url.rpartition("/")[2] for hit in shop.hits(1)] == ["blocked"]
