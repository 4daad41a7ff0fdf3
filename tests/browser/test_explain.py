"""Support in a real browser: a sale is found by its order, and the page says why an ad got no credit."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from tests.browser.chromium import chromium
from tests.browser.demo import ARTIFACTS
from tests.browser.sign_in import sign_in
from tests.running import Tracker

pytestmark = pytest.mark.browser

DAY_MS = 86_400_000
ORDER = "A-17 & <b>more</b>"
PHONE = {"width": 390, "height": 844}


def send(tracker: Tracker, account: dict[str, Any]) -> None:
    """Send an old click, a view, a click, and a sale with a refund, as a shop's server does."""
    now = time.time_ns() // 1_000_000
    person = {"site": account["site"], "visitor": "ann"}
    hits = [
        {**person, "type": "click", "ad": "old-banner", "id": "old", "ts": now - 40 * DAY_MS},
        {**person, "type": "view", "ad": "video", "id": "seen", "ts": now - 3_600_000},
        {**person, "type": "click", "ad": account["ad"], "id": "click", "ts": now - 2 * 3_600_000},
        {**person, "type": "conversion", "name": "purchase", "order": ORDER, "value": "29.90", "id": "sale", "ts": now},
        {
            **person,
            "type": "adjustment",
            "kind": "refund",
            "order": ORDER,
            "value": "4.90",
            "id": "back",
            "ts": now + 1,
        },
    ]
    token = {"Authorization": f"Bearer {account['ingest_token']}"}
    answer = requests.post(f"{tracker.url}/collect", json=hits, headers=token, timeout=30)
    assert answer.json() == {"accepted": len(hits), "rejected": []}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page that support sees after signing in and searching for the order from the dashboard."""
    folder = tmp_path_factory.mktemp("explain")
    with Tracker(folder / "state") as tracker, chromium(folder / "profile") as browser:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap()
        tracker.start("web")
        send(tracker, account)
        page = browser.new_page()
        sign_in(page, tracker.url, account)
        page.get_by_role("link", name="Explain a conversion").click()
        page.get_by_label("Order, hit, visitor or user").fill(ORDER)
        page.get_by_role("button", name="Find").click()
        page.wait_for_url("**/explain/*")
        yield page


def keep(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def test_the_sale_is_found_by_its_order_and_the_page_says_why_an_ad_got_nothing(found: Page) -> None:
    assert found.get_by_role("heading", level=1).inner_text() == f"Counted: 25.00 USD, order {ORDER}"
    old = found.locator("ol.timeline > li", has_text="Click: old-banner").inner_text()
    assert "40 days before" in old
    assert "No credit" in old
    assert "It was too long before the conversion. A click may earn credit for 30 days." in old
    seen = found.locator("ol.timeline > li", has_text="View: video").inner_text()
    assert "It is a view, and the person also clicked an ad within the window" in seen
    keep(found, "explain")


def test_the_credit_of_each_ad_under_each_model_is_in_one_table(found: Page) -> None:
    row = found.locator("tbody tr")
    assert row.count() == 1
    assert row.locator("th").inner_text().startswith("demo-ad")
    assert set(row.locator("td").all_inner_texts()) == {"100 %\n25.00"}


def test_one_click_shows_the_archive_object_of_a_hit_without_a_script(found: Page) -> None:
    sale = found.locator("ol.timeline > li.own")
    sale.get_by_text("Details").click()
    assert ".jsonl.gz" in sale.get_by_text("In the archive").locator("xpath=..").inner_text()
    assert found.locator("script").count() == 0


def test_on_a_phone_nothing_is_cut_off(found: Page) -> None:
    found.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert found.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(found, "explain-phone")
    for name in ("explain", "explain-phone"):
        assert (Path(ARTIFACTS) / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_is_dark_if_the_browser_prefers_dark(found: Page) -> None:
    found.emulate_media(color_scheme="dark")
    shade = found.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in shade.removeprefix("rgb(").removesuffix(")").split(",")) < 60
