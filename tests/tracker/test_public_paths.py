"""PUBLIC_PATHS: pages may use paths that blocklists don't know. The usual paths stay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.urls import get_resolver

from tests.running import Tracker
from tracker.environment import BadSetting
from tracker.public_paths import REST, other_names
from tracker.urls import usual

NAMES = {"t.js": "/assets/app.js", "collect": "/assets/in", "pixel.gif": "/dot.gif", "click": "/go"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tracker, dict[str, Any]]]:
    """A tracker with other public paths."""
    paths = ",".join(f"{name}={path}" for name, path in NAMES.items())
    with Tracker(Path(tmp_path_factory.mktemp("paths")), {"PUBLIC_PATHS": paths}) as tracker:
        tracker.migrate()
        account = tracker.bootstrap("--domain", "shop.example")
        tracker.start("web")
        yield tracker, account


@pytest.mark.parametrize("path", ["/collect", NAMES["collect"], "/pixel.gif", NAMES["pixel.gif"]])
def test_hits_are_accepted_under_both_paths(running: tuple[Tracker, dict[str, Any]], path: str) -> None:
    tracker, account = running
    answer = requests.get(f"{tracker.url}{path}", {"site": account["site"]}, timeout=30)
    assert answer.status_code == 200
    assert requests.get(f"{tracker.url}{path}", {"site": "none"}, timeout=30).headers["X-Hit-Error"] == "unknown_site"


def test_clicks_redirect_under_both_paths(running: tuple[Tracker, dict[str, Any]]) -> None:
    tracker, account = running
    for name in ("/click", NAMES["click"]):
        url = f"{tracker.url}{name}/{account['site']}/{account['ad']}"
        answer = requests.get(url, timeout=30, allow_redirects=False)
        assert answer.status_code == 302
        assert "hl_click=" in answer.headers["Location"]


def test_the_snippet_sends_to_the_kind_of_path_that_it_was_loaded_from(running: tuple[Tracker, dict[str, Any]]) -> None:
    tracker, _ = running
    usual_one, own = (requests.get(f"{tracker.url}{path}", timeout=30).text for path in ("/t.js", NAMES["t.js"]))
    assert '"/collect"' in usual_one
    assert '"/assets/in"' in own
    assert '"/collect"' not in own


def test_the_shown_snippet_has_the_chosen_path(running: tuple[Tracker, dict[str, Any]]) -> None:
    tracker, account = running
    shown = tracker.manage(
        "shell", "-c", "from tracker.models import Site; print(Site.objects.get().snippet('https://h'))"
    )
    assert f'src="https://h/assets/app.js" data-site="{account["site"]}"' in shown


@pytest.mark.parametrize("path", ["/api/in", "/admin", "/static/x", "/login", "/healthz/x", "/collect", "/click"])
def test_a_path_that_the_tracker_already_uses_stops_the_start(path: str) -> None:
    with pytest.raises(BadSetting, match="PUBLIC_PATHS must not begin with"):
        other_names(usual, {"collect": path})


def test_every_public_address_can_have_another_path() -> None:
    for name, rest in REST.items():
        for example in rest.values():
            assert get_resolver().resolve(f"/{name}{example}")
