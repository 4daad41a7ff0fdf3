"""The page of spend in a real browser: a file with a mistake is refused; the corrected file is previewed and imported,
and its cost is on the dashboard. The page also fits a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.demo import ARTIFACTS
from tests.browser.sign_in import sign_in
from tests.running import Tracker
from tests.surface import days_ago

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
HEADER = "Campaign report\nDay\tCampaign\tCurrency code\tCost\tImpr.\tClicks\n"


@pytest.fixture(scope="module")
def page(stage: tuple[Tracker, dict[str, Any], BrowserContext]) -> Iterator[Page]:
    """The page of spend, reached from the dashboard."""
    tracker, account, browser = stage
    page = browser.new_page()
    sign_in(page, tracker.url, account)
    page.get_by_role("link", name="Spend").click()
    yield page
    page.close()


def choose(page: Page, folder: Path, *lines: str) -> None:
    """Choose a file with these lines below the header, and preview its import."""
    file = folder / "export.csv"
    file.write_text(HEADER + "".join(f"{line}\n" for line in lines), "utf-16")
    page.get_by_label("Source").first.fill("google")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what would change").click()


def keep(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def test_a_file_with_a_mistake_is_corrected_previewed_and_imported(page: Page, tmp_path: Path) -> None:
    day = days_ago(2)
    choose(page, tmp_path, f"{day}\tSpring\tUSD\t1.234,5,6\t100\t7")
    expect(page.get_by_role("alert")).to_contain_text("line 3: '1.234,5,6' is no amount")
    keep(page, "spend-mistake")
    choose(page, tmp_path, f"{day}\tSpring\tUSD\t1.234,50\t100\t7", "Total: Account\t --\tUSD\t1.234,50\t100\t7")
    changed = page.get_by_role("region", name="What the import would change")
    expect(changed.locator("tbody td")).to_have_text(["0.00 USD", "1,234.50 USD"])
    keep(page, "spend-preview")
    page.get_by_role("button", name="Import this").click()
    expect(page.get_by_role("status")).to_contain_text("1 line of google")
    expect(page.locator("tbody tr", has_text="google/cpc/Spring")).to_contain_text("1,234.50 USD")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(page, "spend-phone")
    expect(page.locator("script")).to_have_count(0)
    page.set_viewport_size({"width": 1100, "height": 900})
    page.get_by_role("link", name="Hitledger").click()
    expect(page.locator("[data-figure=cost] data")).to_have_text("1,234.50")
