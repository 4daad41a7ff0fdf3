"""A shop that sends faulty hits, in a real browser: the dashboard says within a minute which hits are refused, and
why."""

import time
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page

from tests.browser.chromium import chromium
from tests.browser.demo import ARTIFACTS
from tests.browser.sign_in import sign_in
from tests.browser.test_explain import PHONE
from tests.running import Tracker

pytestmark = pytest.mark.browser

SALE = {"type": "conversion", "name": "purchase", "order": "A-17", "value": "29.90", "user": "ann@shop.example"}
SECONDS = 60


def wait_for(page: Page, text: str) -> None:
    """Load the page again and again, until it shows the text."""
    deadline = time.monotonic() + SECONDS
    while not page.get_by_text(text).count():
        assert time.monotonic() < deadline, page.inner_text("main")
        page.wait_for_timeout(1_000)
        page.reload()


def test_a_shop_that_sends_bad_ids_sees_within_a_minute_that_its_sales_are_refused(tmp_path: Path) -> None:
    with Tracker(tmp_path / "state") as tracker, chromium(tmp_path / "profile") as browser:
        tracker.migrate()
        account = tracker.bootstrap()
        tracker.start("web")
        page = browser.new_page()
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        sign_in(page, tracker.url, account)
        sale = {**SALE, "site": account["site"], "id": "sale #17", "title": "x" * 900}
        for _ in range(37):
            assert requests.post(f"{tracker.url}/collect", json=sale, timeout=30).status_code == 400
        wait_for(page, "37 sales refused today: bad_id.")
        page.get_by_text("The latest").click()
        shown = page.inner_text("section.note")
        assert "Up to 64 of A-Za-z0-9._:-" in shown
        assert '"id": "aaaa #99"' in shown
        assert "ann" not in shown
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / "refused-phone.png", full_page=True)
