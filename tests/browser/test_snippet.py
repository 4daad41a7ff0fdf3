"""The snippet in a real browser: pages on a shop's own host, a tracker on another, and hits as they are archived."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, Response, Route

from tests.browser.chromium import chromium
from tests.browser.demo import fetch_report, is_stored, today
from tests.running import Tracker
from tracker.archive import FolderArchive
from tracker.collection.hit import Hit

pytestmark = pytest.mark.browser

STUB = "window.hitledger = window.hitledger || function () { (hitledger.q = hitledger.q || []).push(arguments) };"
BLOCKED = """
function refuse() { throw new DOMException('blocked', 'SecurityError') }
Object.defineProperty(window, 'localStorage', { get: refuse })
Object.defineProperty(Document.prototype, 'cookie', { get: refuse, set: refuse })
"""
#: A page that didn't come from this machine may not ask it for anything; our shop's pages came from nowhere.
TRACKER_IS_HERE = "--disable-features=LocalNetworkAccessChecks"


@dataclass
class Shop:
    """A shop on a host of its own; each of its addresses is a page with the snippet of a real tracker."""

    tracker: Tracker
    account: dict[str, Any]
    browser: BrowserContext
    host: str = field(default_factory=lambda: f"s{uuid4().hex[:8]}.localhost")
    problems: list[str] = field(default_factory=list)

    def tab(self, attributes: str = "", script: str = "", init: str = "") -> Page:
        """A tab; `script` stands before the snippet in each page, `init` runs before everything."""
        page = self.browser.new_page()
        source = (
            f'<script async src="{self.tracker.url}/t.js" data-site="{self.account["site"]}" {attributes}></script>'
        )
        html = f"<!doctype html><title>A page</title><script>{script}</script>{source}<h1>Shop</h1>"
        page.route(f"http://*{self.host}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        if init:
            page.add_init_script(init)
        return page

    def visit(self, page: Page, path: str = "/", sub: str = "") -> Response:
        """Opens a page and gives the tracker's answer to its hit."""
        with page.expect_response(is_stored) as answer:
            page.goto(f"http://{sub}{self.host}{path}")
        return answer.value

    def hits(self) -> list[Hit]:
        """The shop's hits as they were archived, in the order in which they happened."""
        archive = FolderArchive(self.tracker.state / "archive")
        hits = [hit for key in archive.list() for hit in archive.get(key)]
        return sorted((hit for hit in hits if self.host in hit.url), key=lambda hit: (hit.at, hit.received))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracker, dict[str, Any], BrowserContext]]:
    """A tracker and a browser."""
    folder = tmp_path_factory.mktemp("snippet")
    with Tracker(folder / "state") as tracker, chromium(folder / "profile", TRACKER_IS_HERE) as browser:
        tracker.manage("migrate", "--noinput", "--verbosity", "0")
        tracker.manage("prepare")
        account = tracker.bootstrap()
        tracker.start("web")
        yield tracker, account, browser


@pytest.fixture
def shop(stage: tuple[Tracker, dict[str, Any], BrowserContext]) -> Iterator[Shop]:
    """A shop that was never visited; in the end nothing was thrown into its pages."""
    shop = Shop(*stage)
    yield shop
    for page in shop.browser.pages[1:]:
        page.close()
    assert shop.problems == []


def sent(answer: Response) -> list[dict[str, Any]]:
    """The hits of a request."""
    hits: list[dict[str, Any]] = json.loads(answer.request.post_data or "[]")
    return hits


class TestPages:
    """Each page is a hit of one visitor."""

    def test_a_page_sends_its_address_referrer_and_title(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page, "/a?b=1#c")
        with page.expect_response(is_stored):
            page.evaluate("location.href = '/next'")
        first, second = shop.hits()
        assert (first.type, first.url, first.title) == ("page", f"http://{shop.host}/a?b=1#c", "A page")
        assert second.ref == f"http://{shop.host}/a?b=1"
        assert first.at <= first.received

    def test_the_visitor_id_is_kept_across_pages_tabs_and_subdomains(self, shop: Shop) -> None:
        shop.visit(shop.tab(), "/one")
        shop.visit(shop.tab(), "/two")
        shop.visit(shop.tab(), "/three", sub="www.")
        visitors = {hit.visitor for hit in shop.hits()}
        assert len(shop.hits()) == 3
        assert len(visitors) == 1

    @pytest.mark.parametrize(
        "forget",
        ["localStorage.removeItem('_hl')", "document.cookie = '_hl=;path=/;max-age=0;domain=' + location.hostname"],
    )
    def test_of_cookie_and_storage_one_brings_the_other_back(self, shop: Shop, forget: str) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate(forget)
        shop.visit(page, "/again")
        assert len({hit.visitor for hit in shop.hits()}) == 1
        cookie, stored = page.evaluate("[document.cookie, localStorage.getItem('_hl')]")
        assert cookie == f"_hl={stored}"

    def test_where_storage_is_blocked_the_server_stands_in(self, shop: Shop) -> None:
        page = shop.tab(init=BLOCKED)
        assert "visitor" not in sent(shop.visit(page, "/one"))[0]
        shop.visit(page, "/two")
        first, second = shop.hits()
        assert first.visitor == second.visitor
        assert len(first.visitor) == 32

    def test_a_shop_that_changes_pages_itself_says_so(self, shop: Shop) -> None:
        page = shop.tab("data-spa")
        shop.visit(page, "/one")
        with page.expect_response(is_stored):
            page.evaluate("history.pushState(null, '', '/two'); document.title = 'Two'")
        with page.expect_response(is_stored):
            page.evaluate("history.back()")
        assert [(hit.url.rpartition("/")[2], hit.ref.rpartition("/")[2]) for hit in shop.hits()] == [
            ("one", ""),
            ("two", "one"),
            ("one", "two"),
        ]
        assert shop.hits()[1].title == "Two"

    def test_a_click_by_utm_tags_is_counted(self, shop: Shop) -> None:
        day = today()
        shop.visit(shop.tab(), f"/?utm_source=news&utm_campaign={shop.host}")
        shop.tracker.manage("rollup")
        rows = fetch_report(shop.tracker.url, shop.account, day)["rows"]
        assert [(row["clicks"], row["configured"]) for row in rows if row["ad"] == f"news/{shop.host}"] == [(1, False)]


class TestCalls:
    """`hitledger(...)` from the page."""

    def test_calls_before_it_has_loaded_are_kept(self, shop: Shop) -> None:
        script = (
            f"{STUB} hitledger('purchase', {{ order: 'A-1', value: '29.90', currency: 'EUR', props: {{ size: 'L' }} }})"
        )
        page = shop.tab(script=script)
        page.goto(f"http://{shop.host}/")
        page.wait_for_function("localStorage.getItem('_hl_queue') === '{}'")
        first, sale = shop.hits()
        assert (first.type, sale.type, sale.name, sale.order) == ("page", "conversion", "purchase", "A-1")
        assert (sale.value, sale.currency, sale.props, sale.visitor) == (
            29_900_000,
            "EUR",
            {"size": "L"},
            first.visitor,
        )

    def test_types_names_and_numbers(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        for call in ("'event', { name: 'film' }", "'lead'", "'sale', { value: 12.5 }", "'click', { ad: 'demo-ad' }"):
            with page.expect_response(is_stored):
                page.evaluate(f"hitledger({call})")
        assert [(hit.type, hit.name, hit.value, hit.ad) for hit in shop.hits()[1:]] == [
            ("event", "film", None, ""),
            ("conversion", "lead", None, ""),
            ("conversion", "sale", 12_500_000, ""),
            ("click", "", None, "demo-ad"),
        ]

    def test_nonsense_throws_nothing_and_stops_nothing(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate(
            "const round = {}; round.round = round; hitledger('x', { props: round }); hitledger(); hitledger(null, 5)"
        )
        with page.expect_response(is_stored):
            page.evaluate("hitledger('lead')")
        assert [(hit.type, hit.name) for hit in shop.hits()] == [("page", ""), ("conversion", "lead")]

    def test_a_second_copy_of_the_snippet_does_nothing(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        page.add_script_tag(url=f"{shop.tracker.url}/t.js")
        with page.expect_response(is_stored):
            page.evaluate("hitledger('lead')")
        assert [hit.type for hit in shop.hits()] == ["page", "conversion"]


class TestTrouble:
    """A hit is kept until the tracker has it."""

    @pytest.mark.parametrize("status", [503, 429, None])
    def test_what_could_not_be_stored_is_sent_on_the_next_page_with_the_same_id_and_time(
        self, shop: Shop, status: int | None
    ) -> None:
        page = shop.tab()
        lost: list[dict[str, Any]] = []

        def refuse(route: Route) -> None:
            lost.extend(json.loads(route.request.post_data or "[]"))
            headers = {"Access-Control-Allow-Origin": "*", "Retry-After": "2"}
            route.fulfill(status=status, headers=headers) if status else route.abort()

        page.route("**/collect", refuse)
        page.goto(f"http://{shop.host}/one")
        page.wait_for_function("!!localStorage.getItem('_hl_queue')")
        page.wait_for_timeout(300)
        page.unroute("**/collect")
        assert shop.hits() == []

        again = sent(shop.visit(page, "/two"))
        page.wait_for_function("localStorage.getItem('_hl_queue') === '{}'")
        first, second = shop.hits()
        assert (first.id, first.at) == (lost[0]["id"], lost[0]["ts"])
        assert again[0]["sent"] > lost[0]["sent"]
        assert (first.visitor, first.url.rpartition("/")[2]) == (second.visitor, "one")

    def test_what_is_refused_for_good_is_dropped(self, shop: Shop) -> None:
        page = shop.tab()
        shop.visit(page)
        with page.expect_response("**/collect") as answer:
            page.evaluate("hitledger('sale', { value: 'much' })")
        assert answer.value.status == 400
        page.wait_for_function("localStorage.getItem('_hl_queue') === '{}'")

    def test_the_queue_is_bounded(self, shop: Shop) -> None:
        page = shop.tab()
        page.route("**/collect", lambda route: route.abort())
        page.goto(f"http://{shop.host}/")
        page.wait_for_function("hitledger.site")
        page.evaluate("for (let n = 0; n < 120; n++) hitledger('event', { name: 'n' + n })")
        names = page.evaluate("Object.values(JSON.parse(localStorage.getItem('_hl_queue'))).map(hit => hit.name)")
        assert names == [f"n{n}" for n in range(70, 120)]
