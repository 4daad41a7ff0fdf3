"""The dashboard in a real browser: signing in, filtering, and following a number to its conversions and their
explanation. Also in dark colours, on a phone, and by keyboard."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import chromium
from tests.browser.demo import ARTIFACTS
from tests.browser.sign_in import sign_in
from tests.running import Tracker
from tests.surface import days_ago

pytestmark = pytest.mark.browser

HOUR_MS = 3_600_000
PHONE = {"width": 390, "height": 844}


def send(tracker: Tracker, account: dict[str, Any]) -> None:
    """Send three clicks on two ads, each with a sale an hour later. Two clicks are 30 hours old. The third is 40 days
    old, in the earlier days with which the dashboard compares. Also say what both ads cost last month."""
    now = time.time_ns() // 1_000_000
    clicks = (("ann", account["ad"], "29.90", 30), ("bob", "banner", "5", 30), ("eve", account["ad"], "8", 40 * 24))
    hits = []
    for at, (visitor, ad, value, hours) in enumerate(clicks):
        ago = now - hours * HOUR_MS
        person = {"site": account["site"], "visitor": visitor}
        sale = {"type": "conversion", "name": "purchase", "order": f"O-{visitor}", "value": value}
        hits += [
            {**person, "type": "click", "ad": ad, "id": f"c{at}", "ts": ago},
            {**person, **sale, "id": f"s{at}", "ts": ago + HOUR_MS},
        ]
    token = {"Authorization": f"Bearer {account['ingest_token']}"}
    assert requests.post(f"{tracker.url}/collect", json=hits, headers=token, timeout=30).json()["rejected"] == []
    day = str((days_ago(0).replace(day=1) - timedelta(days=1)).replace(day=1))
    rows = [{"day": day, "ad": account["ad"], "cost": "3"}, {"day": day, "ad": "banner", "cost": "70"}]
    spend = {"site": account["site"], "source": "crm", "from": day, "to": day, "rows": rows}
    assert requests.put(f"{tracker.url}/api/spend", json=spend, headers=token, timeout=30).ok


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The dashboard after sign-in. At the end of the tests, the page must have thrown no error and requested nothing
    from another host."""
    folder = tmp_path_factory.mktemp("dashboard")
    with Tracker(folder / "state") as tracker, chromium(folder / "profile") as browser:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap()
        tracker.start("web")
        page, hosts, problems = browser.new_page(), set[str](), list[str]()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.clock.install()
        page.goto(f"{tracker.url}/login")
        look_at(page, "login")
        sign_in(page, tracker.url, account)
        page.get_by_role("link", name="Set-up").click()
        page.get_by_text("Waiting for a hit.").wait_for()
        look_at(page, "setup")
        send(tracker, account)
        page.clock.fast_forward(5_000)
        page.get_by_text("Waiting for a hit.").wait_for(state="detached")
        tracker.manage("rollup", "--wait", "60")
        page.goto(tracker.url)
        page.locator("#chart canvas").wait_for()
        yield page
        assert hosts - {""} == {urlsplit(tracker.url).netloc}
        assert problems == []


def look_at(page: Page, name: str) -> None:
    """Save a screenshot, and check the page with axe: nothing on it may stop people with disabilities."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
    assert violations(page) == []


def violations(page: Page, *rules: str) -> list[tuple[str, list[str]]]:
    """Check a page with axe, by all of its rules or only by `rules`. Return the id of each broken rule, with the
    elements that break it."""
    found = Axe().run(page, options={"runOnly": rules} if rules else None).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def expect_tiles(page: Page, conversions: str, value: str) -> None:
    """Wait until the dashboard shows these numbers."""
    for name, number in (("conversions", conversions), ("value", value)):
        expect(page.locator(f"[data-figure={name}] data")).to_have_text(number)


def start_of(page: Page) -> str:
    """Return the tracker's address."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(page.url))


def site_of(page: Page) -> str:
    """Return the key of the site that the dashboard shows."""
    return (page.locator("#live").get_attribute("data-from") or "").partition("site=")[2]


def test_the_page_after_sign_in_is_read_by_keys_in_the_dark_and_on_a_phone(page: Page) -> None:
    expect_tiles(page, "2", "34.90")
    page.locator("#chart").focus()
    page.keyboard.press("Home")
    expect(page.locator("#chart-read")).to_have_text(re.compile("^[^;]*: 0(;|$)"))
    look_at(page, "dashboard")
    page.emulate_media(color_scheme="dark")
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in shade.removeprefix("rgb(").removesuffix(")").split(",")) < 60
    look_at(page, "dashboard-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.wait_for_function("document.querySelector('#chart canvas').clientWidth < 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # The words of a change for screen readers are in the table's own box; otherwise a wide table widens the page.
    assert "scroll" in page.locator(".rows td .unseen").first.evaluate("word => word.offsetParent.className")
    look_at(page, "dashboard-phone")
    page.set_viewport_size({"width": 1100, "height": 900})


def test_a_chart_of_hours_without_a_comparison_is_drawn_by_mouse(page: Page) -> None:
    page.get_by_role("link", name="Yesterday").click()
    page.get_by_label("Compare with").select_option("none")
    page.get_by_role("button", name="Show").last.click()
    page.wait_for_url("**compare=none**")
    chart = page.locator("#chart")
    chart.locator("canvas").wait_for()
    chart.hover()
    expect(page.locator("#chart-read")).to_have_text(re.compile("^1[0-4]:00: "))
    page.get_by_role("link", name="28 days").click()


def test_a_click_on_a_row_and_one_on_its_number_lead_to_the_proof(page: Page) -> None:
    page.locator(".rows").get_by_role("link", name="banner").click()
    page.get_by_role("link", name="Remove the filter ad banner").wait_for()
    expect_tiles(page, "1", "5.00")
    page.locator("[data-figure=conversions] dd a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Conversions")
    expect(page.locator("tbody tr")).to_have_count(1)
    look_at(page, "conversions")
    page.locator("tbody th a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Counted: 5.00 USD, order O-bob")
    look_at(page, "proof")


class Clicks:
    """Clicks elements of the page, and counts these clicks from the first page on."""

    def __init__(self, page: Page) -> None:
        page.goto(start_of(page))
        self.number = 0

    def __call__(self, element: Locator) -> None:
        element.click()
        self.number += 1


def test_a_marketers_questions_are_answered_in_three_clicks(page: Page) -> None:
    # Which ad lost money last month?
    click, table = Clicks(page), page.locator(".rows")
    click(page.get_by_role("link", name="Last month"))
    expect(page.get_by_role("link", name="Last month")).to_have_attribute("aria-current", "true")
    for order in ("descending", "ascending"):
        click(table.get_by_role("link", name="Profit"))
        expect(table.get_by_role("columnheader", name="Profit")).to_have_attribute("aria-sort", order)
    expect(table.locator("tbody tr").first).to_contain_text("banner")
    # On the first days of a month, last month also has the ad's sale.
    expect(table.locator("tbody tr").first).to_contain_text(re.compile(r"-(70|65)\.00"))
    assert click.number == 3
    # Which ad would gain most under linear? Here each sale has one click, and none gains.
    click = Clicks(page)
    click(page.get_by_text("Compare models"))
    click(page.get_by_label("Linear"))
    click(page.get_by_role("button", name="Show").last)
    expect(table.get_by_role("columnheader", name="Conversions linear")).to_be_visible()
    assert click.number == 3
    # What did order O-bob pay for?
    click = Clicks(page)
    click(page.get_by_role("link", name="Explain a conversion"))
    page.get_by_label("Order, hit, visitor or user").fill("O-bob")
    click(page.get_by_role("button", name="Find"))
    credit = page.get_by_role("region", name="Who gets how much, under each model")
    expect(credit.locator("tbody tr")).to_contain_text(["banner"])
    assert click.number == 2


#: The pages that the tests above don't look at. An order that nobody made leads to advice.
OTHERS = (
    "/?period=today",
    "/explain",
    "/explain?by=order&q=O-1&site={site}",
    "/explain?by=visitor&q=ann&site={site}",
    "/spend",
    "/setup",
    "/health",
)


def test_every_page_is_accessible_in_light_and_dark_and_on_a_phone(page: Page) -> None:
    start = start_of(page)
    page.goto(start)
    site = site_of(page)
    for path in OTHERS:
        page.goto(f"{start}{path.format(site=site)}")
        look_at(page, path.strip("/?").split("?")[0].replace("=", "-") or "dashboard")
        # What differs in the dark and on a phone: colours, sizes, and what must scroll.
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert violations(page, "color-contrast", "target-size", "scrollable-region-focusable") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1100, "height": 900})


def test_the_open_hour_follows_new_hits_without_loading_the_page_again(page: Page) -> None:
    start = start_of(page)
    page.goto(start)
    line = page.locator("#live")
    expect(line).to_contain_text("roughly: 0 hits")
    page.evaluate("window.same = true")
    assert requests.post(
        f"{start}/collect", json={"site": site_of(page), "type": "event", "name": "look"}, timeout=30
    ).ok
    page.clock.fast_forward(10_000)
    expect(line).to_contain_text("roughly: 1 hit,")
    assert page.evaluate("window.same")
