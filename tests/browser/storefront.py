"""Storefront: a shop on its own host, whose pages have a real tracker's snippet; and the shop's archived hits."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, Response

from tests.browser.demo import is_stored
from tests.running import Tracker
from tracker.archive import FolderArchive
from tracker.collection.hit import Hit

#: The flag that lets the shop's pages call the tracker. Playwright makes the pages, and Chromium takes them for pages
#: of another network.
TRACKER_IS_HERE = "--disable-features=LocalNetworkAccessChecks"
WAIT_SECONDS = 30
STUB = "window.hitledger = window.hitledger || function () { (hitledger.q = hitledger.q || []).push(arguments) };"
#: The keys in the browser's storage under which the snippet keeps hits.
KEPT = "Object.keys(localStorage).filter(key => key.startsWith('_hl:')).sort()"
NOTHING_KEPT = f"{KEPT}.length === 0"


@dataclass
class Storefront:
    """A shop: every address is a page with the snippet. Browsers treat hosts below `localhost` as secure."""

    tracker: Tracker
    account: dict[str, Any]
    browser: BrowserContext
    host: str = field(default_factory=lambda: f"s{uuid4().hex[:8]}.localhost")
    problems: list[str] = field(default_factory=list)

    def html(self, attributes: str = "", script: str = "", body: str = "", api: str = "") -> str:
        """Return a page's HTML. `script` comes before the snippet."""
        source = (
            f'<script async src="{api or self.tracker.url}/t.js" data-site="{self.account["site"]}" {attributes}>'
            "</script>"
        )
        before = f"<script>{script}</script>" if script else ""
        return f"<!doctype html><title>A page</title>{before}{source}<h1>Shop</h1>{body}"

    def tab(
        self,
        attributes: str = "",
        script: str = "",
        init: str = "",
        body: str = "",
        html: str = "",
        api: str = "",
        headers: dict[str, str] | None = None,
    ) -> Page:
        """Open a tab in which every address of the shop is the same page. `init` runs before everything else."""
        page = self.browser.new_page()
        content = html or self.html(attributes, script, body, api)
        page.route(
            f"http://*{self.host}/**",
            lambda route: route.fulfill(body=content, headers={"Content-Type": "text/html", **(headers or {})}),
        )
        self.watch(page)
        if init:
            page.add_init_script(init)
        return page

    def watch(self, page: Page) -> None:
        """Collect the errors that a page throws."""
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def visit(self, page: Page, path: str = "/", sub: str = "") -> Response:
        """Open a page, and return the tracker's answer to its hit."""
        return self.stored(page, lambda: page.goto(f"http://{sub}{self.host}{path}"))

    def stored(self, page: Page, work: Callable[[], Any]) -> Response:
        """Call `work`, and return the tracker's answer to the hits that it caused."""
        with page.expect_response(is_stored) as answer:
            work()
        return answer.value

    def copies(self) -> list[Hit]:
        """Return the shop's archived hits, with duplicates, in the order in which they happened."""
        archive = FolderArchive(self.tracker.state / "archive")
        hits = [hit for key in archive.list() for hit in archive.get(key)]
        return sorted((hit for hit in hits if self.host in hit.url), key=lambda hit: (hit.at, hit.received))

    def hits(self, least: int = 0) -> list[Hit]:
        """Wait until at least `least` hits are archived; return each hit once."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(hits := list({hit.id: hit for hit in reversed(self.copies())}.values())[::-1]) < least:
            assert time.monotonic() < deadline, f"only {len(hits)} of {least} hits came"
            self.browser.pages[0].wait_for_timeout(100)  # Routes and events are handled only in Playwright's calls.
        return hits


def sent(answer: Response) -> list[dict[str, Any]]:
    """Return the hits in a request."""
    hits: list[dict[str, Any]] = json.loads(answer.request.post_data or "[]")
    return hits
