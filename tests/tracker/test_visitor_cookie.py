"""The tracker's own cookie: it is set only if page and tracker share a registrable domain."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.running import Tracker
from tracker.visitor_cookie import shared_domain, visitor_cookie


@pytest.mark.parametrize(
    ("origin", "host", "domain"),
    [
        ("https://www.shop.example", "hits.shop.example", "shop.example"),
        ("https://shop.example", "shop.example", "shop.example"),
        ("https://shop.example:8443", "HITS.shop.example:8000", "shop.example"),
        ("https://www.shop.co.uk", "hits.shop.co.uk", "shop.co.uk"),
        ("https://shop.co.uk", "other.co.uk", None),
        ("https://ann.github.io", "bob.github.io", None),
        ("https://shop.example", "tracker.example", None),
        ("https://co.uk", "co.uk", None),
        ("https://127.0.0.1", "127.0.0.1", None),
        ("https://10.1.2.3", "99.2.3", None),
        ("https://[::1]", "[::1]", None),
        ("null", "shop.example", None),
        ("", "", None),
        ("https://[", "[", None),
        ("https://gr\u00fc\u00dfe.example", "gr\u00fc\u00dfe.example", None),
    ],
)
def test_page_and_tracker_share_a_registrable_domain_or_none(origin: str, host: str, domain: str | None) -> None:
    assert shared_domain(origin, host) == domain


def test_the_cookie_lasts_as_long_as_browsers_allow_on_the_whole_domain() -> None:
    cookie = visitor_cookie("v1", "https://www.shop.example", "hits.shop.example")
    assert cookie == "_hls=v1; Domain=shop.example; Path=/; Max-Age=34560000; Secure; SameSite=Lax"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracker, str]]:
    with Tracker(tmp_path_factory.mktemp("cookie")) as tracker:
        tracker.manage("migrate", "--noinput", "--verbosity", "0")
        site = tracker.bootstrap()["site"]
        tracker.start("web")
        yield tracker, site


def cookie_of(running: tuple[Tracker, str], origin: str = "https://shop.example", **given: Any) -> str | None:
    tracker, site = running
    headers = {"Host": "hits.shop.example", **({"Origin": origin} if origin else {})}
    hit = {"site": site, **given}
    return requests.post(f"{tracker.url}/collect", json=[hit], headers=headers, timeout=30).headers.get("Set-Cookie")


def test_the_answer_to_a_hit_of_the_snippet_renews_the_cookie(running: tuple[Tracker, str]) -> None:
    cookie = cookie_of(running, visitor="v1")
    assert cookie
    assert cookie.startswith("_hls=v1; Domain=shop.example;")


@pytest.mark.parametrize(
    ("origin", "given"),
    [
        ("https://shop.example", {}),
        ("https://shop.example", {"visitor": "v1", "consent": "denied"}),
        ("https://shop.example", {"visitor": "undefined"}),
        ("https://elsewhere.example", {"visitor": "v1"}),
        ("", {"visitor": "v1"}),
    ],
)
def test_without_a_visitor_consent_or_a_shared_domain_no_cookie_is_set(
    running: tuple[Tracker, str], origin: str, given: dict[str, str]
) -> None:
    assert cookie_of(running, origin, **given) is None
