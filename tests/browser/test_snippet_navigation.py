"""The snippet when browsers keep pages in the back-forward cache or prerender them. A real server serves the pages."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.browser.chromium import FLAGS
from tests.browser.storefront import NOTHING_KEPT, TRACKER_IS_HERE, Storefront
from tests.running import family, kill

pytestmark = pytest.mark.browser


@contextmanager
def served(shop: Storefront, html: str, asked: list[str] | None = None) -> Iterator[str]:
    """Yield the address of a server that answers every path with the same page and notes the requests."""
    noted = asked if asked is not None else []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            noted.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{shop.host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def paths(shop: Storefront, least: int) -> list[str]:
    return [hit.url.rpartition("/")[2] for hit in shop.hits(least)]


def test_a_page_restored_from_the_back_forward_cache_is_a_page_again(shop: Storefront) -> None:
    script = "window.addEventListener('pageshow', function (event) { window.cameBack = event.persisted })"
    with served(shop, shop.html(script=script)) as url:
        page = shop.browser.new_page()
        shop.watch(page)
        page.goto(f"{url}/one")
        assert paths(shop, 1) == ["one"]
        page.wait_for_function(NOTHING_KEPT)
        page.goto(f"{url}/two")
        assert paths(shop, 2) == ["one", "two"]
        page.evaluate("history.back()")
        page.wait_for_function("window.cameBack === true")
        assert paths(shop, 3) == ["one", "two", "one"]


def test_calls_on_a_restored_page_still_work(shop: Storefront) -> None:
    with served(shop, shop.html()) as url:
        page = shop.browser.new_page()
        page.goto(f"{url}/one")
        shop.hits(1)
        page.goto(f"{url}/two")
        shop.hits(2)
        page.evaluate("history.back()")
        shop.hits(3)
        page.evaluate("hitledger('lead')")
        assert [hit.name for hit in shop.hits(4)][3] == "lead"


@contextmanager
def unwatched_chromium(profile: Path, url: str) -> Iterator[None]:
    """Run a browser without Playwright, because a driven browser prerenders no page."""
    binary = shutil.which("chromium")
    assert binary
    command = [binary, *FLAGS, TRACKER_IS_HERE, f"--user-data-dir={profile}", url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            yield
        finally:
            for pid in reversed(list(family(browser.pid))):
                kill(pid)


ADVANCE = """
hitledger = function () { (hitledger.q = hitledger.q || []).push(arguments) }
if (location.pathname === '/advance') {
    hitledger('lead', { props: { at: document.prerendering ? 'in advance' : 'shown' } })
} else if (OPEN) setTimeout(function () { location.href = '/advance' }, 3000)
"""
RULES = '<script type="speculationrules">{"prerender": [{"urls": ["/advance"], "eagerness": "immediate"}]}</script>'


def test_a_prerendered_page_counts_when_it_is_shown(shop: Storefront, tmp_path: Path) -> None:
    html = shop.html(script=ADVANCE.replace("OPEN", "true"), body=RULES)
    with served(shop, html) as url, unwatched_chromium(tmp_path, f"{url}/first"):
        first, page, lead = shop.hits(3)
    assert [hit.url.rpartition("/")[2] for hit in (first, page, lead)] == ["first", "advance", "advance"]
    assert (lead.name, lead.props, lead.visitor) == ("lead", {"at": "in advance"}, first.visitor)
    assert page.at - first.at > 2_000


def test_a_prerendered_page_that_is_never_shown_counts_nothing(shop: Storefront, tmp_path: Path) -> None:
    html = shop.html(script=ADVANCE.replace("OPEN", "false"), body=RULES)
    with served(shop, html, asked := []) as url, unwatched_chromium(tmp_path, f"{url}/first"):
        shop.hits(1)
        time.sleep(2)
    assert "/advance" in asked
    assert paths(shop, 1) == ["first"]
