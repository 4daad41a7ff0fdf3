"""The snippet's queue in a real browser: a hit is kept until the tracker has it, and counts once."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.demo import fetch_report
from tests.browser.storefront import KEPT, NOTHING_KEPT, Shop

pytestmark = pytest.mark.browser

OURS = {"Access-Control-Expose-Headers": "X-Hit-Error", "X-Hit-Error": "bad_value"}


class Box:
    """What stands between the page and the tracker: refuses as it is told, and notes what it refused."""

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


def keep(shop: Shop, page: Page, **hits: dict[str, Any]) -> None:
    """Puts hits of an earlier page into the browser, each under its place in time."""
    for place, hit in hits.items():
        text = json.dumps({"site": shop.account["site"], "ts": time.time_ns() // 1_000_000, "type": "event", **hit})
        page.evaluate("([key, text]) => localStorage[key] = text", [f"_hl:{shop.account['site']}:{place[1:]}", text])


class TestRefused:
    """What becomes of a hit depends on who refuses it, and why."""

    @pytest.mark.parametrize("status", [503, 502, 429, 425, 408, 403, 404, 413, 200, None])
    def test_what_could_not_be_stored_is_sent_on_the_next_page_with_the_same_id_and_time(
        self, shop: Shop, status: int | None
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

    def test_it_is_sent_again_by_itself_while_the_page_stays_open(self, shop: Shop) -> None:
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
    def test_what_the_tracker_refuses_for_good_is_dropped(self, shop: Shop, status: int) -> None:
        page = shop.tab()
        box = Box(page, status, OURS)
        page.goto(f"http://{shop.host}/one")
        is_loaded(page)
        page.wait_for_function(NOTHING_KEPT)
        assert len(box.hits) == 1

    def test_the_tracker_says_that_it_is_the_one_who_refuses(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        with page.expect_response("**/collect") as answer:
            page.evaluate("hitledger('adjustment', { kind: 'refund' })")
        assert (answer.value.status, answer.value.headers["x-hit-error"]) == (400, "missing_order")
        page.wait_for_function(NOTHING_KEPT)

    def test_a_request_that_fails_alone_is_split_until_the_good_hits_are_through(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        poison = {"id": "poison", "name": "union select"}
        good = {f"_1790000000{n:03}.1": {"id": f"good{n}", "url": f"http://{shop.host}/{n}"} for n in range(1, 40)}
        keep(shop, page, **{"_1790000000000.1": {**poison, "url": "http://x/"}}, **good)

        def firewall(route: Route) -> None:
            if "union select" in (route.request.post_data or ""):
                route.fulfill(status=403, body="blocked")
            else:
                route.continue_()

        page.route("**/collect", firewall)
        page.goto(f"http://{shop.host}/two")
        assert len(shop.hits(41)) == 41
        page.wait_for_function(f"{KEPT}.length === 1")

    def test_what_is_kept_is_bounded_and_the_newest_stay(self, shop: Shop) -> None:
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
    """Browsers let 64 KiB of requests outlive their page; bytes are counted, not letters."""

    def test_long_queues_of_wide_letters_go_in_parts(self, shop: Shop) -> None:
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

    def test_one_hit_that_is_larger_than_that_is_sent_alone(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        shop.stored(page, lambda: page.evaluate("hitledger('event', { name: 'big', more: 'x'.repeat(64500) })"))
        assert [hit.name for hit in shop.hits()] == ["", "big"]


class TestTabs:
    """Two tabs of a shop share what is kept and take nothing from each other."""

    @pytest.mark.parametrize("init", ["", "Object.defineProperty(navigator, 'locks', { value: undefined })"])
    def test_two_tabs_that_lose_their_connection_lose_no_hit(self, shop: Shop, init: str) -> None:
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

    def test_what_one_tab_sends_the_other_waits_for(self, shop: Shop) -> None:
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
        assert len(shop.copies()) == 2

    def test_what_a_closed_tab_left_the_other_sends(self, shop: Shop) -> None:
        closed, other = shop.tab(), shop.tab()
        Box(closed, None)
        closed.goto(f"http://{shop.host}/closed")
        closed.wait_for_function(f"{KEPT}.length === 1")
        closed.close()
        shop.visit(other, "/other")
        assert {hit.url.rpartition("/")[2] for hit in shop.hits(2)} == {"closed", "other"}

    def test_two_trackers_on_one_shop_keep_their_hits_apart(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate("localStorage['_hl:another:1790000000000.1'] = '{}'")
        shop.visit(page, "/next")
        page.wait_for_timeout(200)
        assert page.evaluate(KEPT) == ["_hl:another:1790000000000.1"]


class TestOutage:
    """The report is right to the last micro."""

    def test_an_outage_of_an_hour_loses_nothing_and_doubles_nothing(self, shop: Shop) -> None:
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

    def test_a_tracker_that_restarts_during_a_purchase_counts_it_once(self, shop: Shop) -> None:
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

    def test_where_nothing_can_be_stored_what_failed_is_handed_to_the_browser_as_the_page_goes(
        self, shop: Shop
    ) -> None:
        init = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })"
        page = shop.tab(init=init)
        box = Box(page, 503)
        page.goto(f"http://{shop.host}/blocked")
        is_loaded(page)
        page.wait_for_timeout(200)
        box.open()
        page.goto("about:blank")
        assert [hit.url.rpartition("/")[2] for hit in shop.hits(1)] == ["blocked"]
