"""A tracker and a browser for all tests of the snippet, and a shop of its own for each."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.chromium import chromium
from tests.browser.storefront import TRACKER_IS_HERE, Shop
from tests.running import Tracker

#: Beside the usual ones.
OTHER_NAMES = {"PUBLIC_PATHS": "t.js=/assets/app.js,collect=/assets/in"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracker, dict[str, Any], BrowserContext]]:
    """A tracker and a browser. Not for longer than a module: Django's models refuse to work while Playwright runs."""
    folder = tmp_path_factory.mktemp("snippet")
    with Tracker(folder / "state", OTHER_NAMES) as tracker, chromium(folder / "profile", TRACKER_IS_HERE) as browser:
        tracker.migrate()
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
