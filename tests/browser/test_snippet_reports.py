"""From an ad to a purchase in a real browser, on pages of many kinds: each report is right to the last micro."""

from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page

from tests.browser.demo import fetch_report
from tests.browser.storefront import NOTHING_KEPT, Storefront
from tests.browser.test_snippet import BLOCKED, FILL, LIKE_PROTOTYPE, ON_EVERY_OBJECT, integrity_of
from tests.browser.test_snippet_consent import PRIVACY
from tests.browser.test_snippet_navigation import RULES, served, unwatched_chromium

pytestmark = pytest.mark.browser

#: What the ad of a shop has in the report: clicks, conversions, value.
Row = tuple[int, str, str]
ONE_SALE: Row = (1, "1.000000", "19.990001")


def landing(shop: Storefront, path: str = "/", host: str = "") -> str:
    """Return the address to which the shop's ad leads."""
    return f"http://{host or shop.host}{path}?utm_source=reports&utm_campaign={shop.host}"


def buy(page: Page | Frame, order: str = "A") -> None:
    """Report a purchase in a page, as the shop's own script would."""
    page.wait_for_function("window.hitledger && hitledger.site")
    page.evaluate(purchase(order))


def purchase(order: str) -> str:
    """Return the snippet's call that reports a purchase."""
    return f"hitledger('purchase', {{ order: '{order}-' + location.hostname, value: '19.990001' }})"


def credited(shop: Storefront) -> Row:
    """Return what the shop's ad has in the report."""
    shop.tracker.manage("rollup")
    rows = fetch_report(shop.tracker.url, shop.account)["rows"]
    (row,) = [row for row in rows if row["ad"] == f"reports/{shop.host}"]
    return row["clicks"], row["conversions"], row["value"]


def unattributed(shop: Storefront) -> int:
    """Return the value of the conversions that no ad gets credit for, in micros."""
    shop.tracker.manage("rollup")
    value: str = fetch_report(shop.tracker.url, shop.account)["unattributed"]["value"]
    return int(value.replace(".", ""))


@pytest.mark.parametrize(
    ("attribute", "move"),
    [
        ("data-spa", "history.pushState(null, '', '/thanks')"),
        ("data-spa", "history.replaceState(null, '', '/thanks')"),
        ("data-spa", "history.pushState(null, '', '/thanks' + location.search)"),
        ('data-spa="hash"', "location.hash = '/thanks'"),
        ("data-manual", "history.pushState(null, '', '/thanks'); hitledger('page')"),
    ],
)
def test_a_sale_on_a_route_of_a_single_page_application(shop: Storefront, attribute: str, move: str) -> None:
    page = shop.tab(attribute)
    if attribute == "data-manual":
        page.goto(landing(shop))
        page.wait_for_function("window.hitledger && hitledger.site")
        shop.stored(page, lambda: page.evaluate("hitledger('page')"))
    else:
        shop.stored(page, lambda: page.goto(landing(shop)))
    shop.stored(page, lambda: page.evaluate(move))
    buy(page)
    shop.hits(3)
    assert credited(shop) == ONE_SALE


def test_a_sale_on_a_page_that_came_back_as_it_was(shop: Storefront) -> None:
    script = "window.addEventListener('pageshow', function (event) { window.cameBack = event.persisted })"
    with served(shop, shop.html(script=script)) as url:
        page = shop.browser.new_page()
        page.goto(landing(shop, host=url.removeprefix("http://")))
        shop.hits(1)
        page.wait_for_function(NOTHING_KEPT)
        page.goto(f"{url}/two")
        shop.hits(2)
        page.evaluate("history.back()")
        page.wait_for_function("window.cameBack === true")
        buy(page)
        shop.hits(4)
    assert credited(shop) == ONE_SALE


def test_a_sale_on_a_page_that_was_made_in_advance(shop: Storefront, tmp_path: Path) -> None:
    script = (
        "hitledger = function () { (hitledger.q = hitledger.q || []).push(arguments) };"
        f"if (location.pathname === '/advance') {purchase('A')};"
        "else setTimeout(function () { location.href = '/advance' }, 3000)"
    )
    with (
        served(shop, shop.html(script=script, body=RULES)) as url,
        unwatched_chromium(tmp_path, landing(shop, host=url.removeprefix("http://"))),
    ):
        shop.hits(3)
    assert credited(shop) == ONE_SALE


def test_a_sale_on_a_page_that_is_closed_with_the_click(shop: Storefront) -> None:
    button = f"""<button onclick="{purchase("A")}; location.href = 'about:blank'">Buy</button>"""
    with served(shop, shop.html(body=button)) as url:
        page = shop.browser.new_page()
        page.goto(landing(shop, host=url.removeprefix("http://")))
        shop.hits(1)
        page.click("button")
        page.wait_for_url("about:blank")
        shop.hits(2)
    assert credited(shop) == ONE_SALE


@pytest.mark.parametrize(
    "init",
    [BLOCKED, FILL, LIKE_PROTOTYPE, LIKE_PROTOTYPE + ON_EVERY_OBJECT],
    ids=["storage is blocked", "storage is full", "Prototype 1.6", "Prototype 1.6 and a patched Object"],
)
def test_a_sale_on_a_page_that_makes_it_hard(shop: Storefront, init: str) -> None:
    page = shop.tab(init=init)
    shop.stored(page, lambda: page.goto(landing(shop)))
    shop.visit(page, "/thanks")
    buy(page)
    shop.hits(3)
    assert credited(shop) == ONE_SALE


def test_a_sale_in_a_frame_of_another_site(shop: Storefront) -> None:
    outer = shop.browser.new_page()
    frame = shop.html()
    outer.route(f"http://{shop.host}/**", lambda route: route.fulfill(body=frame, content_type="text/html"))
    holder = f'<iframe src="{landing(shop)}"></iframe>'
    outer.route("http://elsewhere.localhost/**", lambda route: route.fulfill(body=holder, content_type="text/html"))
    shop.watch(outer)
    shop.stored(outer, lambda: outer.goto("http://elsewhere.localhost/"))
    buy(outer.frames[1])
    shop.hits(2)
    assert credited(shop) == ONE_SALE


def test_a_sale_under_a_strict_policy_with_an_integrity_hash(shop: Storefront) -> None:
    policy = f"default-src 'none'; script-src {shop.tracker.url}; connect-src {shop.tracker.url}"
    page = shop.tab(integrity_of(shop), headers={"Content-Security-Policy": policy})
    shop.stored(page, lambda: page.goto(landing(shop)))
    page.evaluate(purchase("A"))
    shop.hits(2)
    assert credited(shop) == ONE_SALE


def test_two_tabs_that_buy_at_once(shop: Storefront) -> None:
    first, second = shop.tab(), shop.tab()
    shop.stored(first, lambda: first.goto(landing(shop)))
    shop.visit(second, "/elsewhere")
    for order, page in (("A", first), ("B", second), ("A", second)):
        buy(page, order)
    shop.hits(5)
    assert credited(shop) == (1, "2.000000", "39.980002")


def test_a_sale_to_somebody_who_wants_no_tracking_belongs_to_no_ad(shop: Storefront) -> None:
    before = unattributed(shop)
    page = shop.tab(init=PRIVACY.format("globalPrivacyControl", "true"))
    shop.stored(page, lambda: page.goto(landing(shop)))
    buy(page)
    shop.hits(2)
    assert unattributed(shop) - before == 19_990_001
    assert credited(shop) == (1, "0.000000", "0.000000")
