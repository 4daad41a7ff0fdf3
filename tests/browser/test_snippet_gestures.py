"""Events without code in a real browser: clicks and forms become events as the page's attributes say."""

import pytest
from playwright.sync_api import Page

from tests.browser.storefront import Storefront

pytestmark = pytest.mark.browser

BODY = """
<button data-hl-event="film"><b id="inner">Play</b></button>
<a id="both" href="/file.PDF?x=1" data-hl-conversion="brochure" data-hl-value="2.50" data-hl-currency="EUR"
  data-hl-order="B-1">Brochure</a>
<a id="out" href="http://elsewhere.localhost/a?b=1">Out</a>
<a id="in" href="/next">In</a>
<a id="mail" href="mailto:ann@shop.example">Mail</a>
<form id="plain" action="/send"><input name="action" value="x"><button>Send</button></form>
<form id="named" data-hl-event="contact" action="/contact"><button id="contact">Send</button><i>text</i></form>
"""
STAY = "document.addEventListener('click', event => event.target.closest('a') && event.preventDefault());\
document.addEventListener('submit', event => event.preventDefault())"


def opened(shop: Storefront, attributes: str = 'data-auto="outbound download form"') -> Page:
    page = shop.tab(attributes, body=BODY)
    shop.visit(page)
    page.evaluate(STAY)
    return page


def made(shop: Storefront, count: int) -> list[tuple[str, str, dict[str, str]]]:
    """Return type, name and properties of the hits after the page's first one."""
    return [(hit.type, hit.name, hit.props) for hit in shop.hits(1 + count)[1:]]


def test_an_attribute_makes_a_click_an_event(shop: Storefront) -> None:
    opened(shop).click("#inner")
    assert made(shop, 1) == [("event", "film", {})]


def test_an_attribute_makes_a_click_a_conversion_with_its_value(shop: Storefront) -> None:
    opened(shop, "").click("#both")
    (sale,) = shop.hits(2)[1:]
    assert (sale.type, sale.name, sale.value, sale.currency, sale.order) == (
        "conversion",
        "brochure",
        2_500_000,
        "EUR",
        "B-1",
    )


def test_downloads_and_outbound_links_are_events_if_the_tag_says_so(shop: Storefront) -> None:
    page = opened(shop)
    page.click("#both")
    page.click("#out")
    page.click("#in")
    page.click("#mail")
    assert made(shop, 3) == [
        ("conversion", "brochure", {}),
        ("event", "download", {"href": f"http://{shop.host}/file.PDF?x=1"}),
        ("event", "outbound", {"href": "http://elsewhere.localhost/a?b=1"}),
    ]


def test_a_form_that_is_sent_is_an_event(shop: Storefront) -> None:
    page = opened(shop)
    page.click("#named i")
    page.click("#contact")
    assert made(shop, 2) == [("event", "contact", {}), ("event", "form", {"href": f"http://{shop.host}/contact"})]


def test_without_attributes_nothing_is_an_event(shop: Storefront) -> None:
    page = opened(shop, "")
    for link in ("#out", "#in", "#mail", "#plain button"):
        page.click(link)
    page.wait_for_timeout(200)
    assert made(shop, 0) == []


def test_a_click_on_an_outbound_link_is_sent_although_the_page_closes_at_once(shop: Storefront) -> None:
    page = shop.tab('data-auto="outbound"', body=BODY)
    page.route("http://elsewhere.localhost/**", lambda route: route.fulfill(body="gone"))
    shop.visit(page)
    page.click("#out")
    page.wait_for_url("http://elsewhere.localhost/**")
    assert made(shop, 1) == [("event", "outbound", {"href": "http://elsewhere.localhost/a?b=1"})]


@pytest.mark.parametrize(("button", "events"), [("middle", 1), ("right", 0)])
def test_a_middle_click_is_an_outbound_event_and_a_right_click_is_not(
    shop: Storefront, button: str, events: int
) -> None:
    page = shop.tab('data-auto="outbound"', body=BODY)
    shop.visit(page)
    page.evaluate("document.addEventListener('auxclick', event => event.preventDefault())")
    page.click("#out", button=button)  # type: ignore[arg-type]
    page.wait_for_timeout(300)
    assert len(made(shop, events)) == events
