"""Fixtures: one tracker and one browser for the tests of the snippet, and a new shop for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.chromium import chromium
from tests.browser.storefront import TRACKER_IS_HERE, Storefront
from tests.running import Tracker

#: Public paths in addition to the usual ones.
OTHER_NAMES = {"PUBLIC_PATHS": "t.js=/assets/app.js,collect=/assets/in"}


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracker, dict[str, Any], BrowserContext]]:
    """A tracker and a browser, which all files of snippet tests share. Both run until the last test of this folder, and
    Django's models don't work while Playwright runs. Files that start a browser of their own therefore come before, in
    alphabetical order."""
    folder = tmp_path_factory.mktemp("snippet")
    with Tracker(folder / "state", OTHER_NAMES) as tracker, chromium(folder / "profile", TRACKER_IS_HERE) as browser:
        tracker.migrate()
        tracker.manage("prepare")
        account = tracker.bootstrap()
        tracker.start("web")
        yield tracker, account, browser


@pytest.fixture
def shop(stage: tuple[Tracker, dict[str, Any], BrowserContext]) -> Iterator[Storefront]:
    """A shop that nobody has visited yet. The test fails if one of its pages throws an error."""
    shop = Storefront(*stage)
    yield shop
    for page in shop.browser.pages[1:]:
        page.close()
    assert shop.problems == []
