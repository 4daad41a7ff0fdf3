"""`/t.js`: small, cacheable, and usable by any page."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.running import CHECKOUT
from tracker.snippet import COLLECT, OWN, SOURCE, copy_for, make_copy


def get(method: str = "get", **headers: str) -> HttpResponse:
    answer: HttpResponse = getattr(Client(headers=headers), method)("/t.js")
    return answer


def test_any_page_may_load_it_and_cache_it_for_an_hour() -> None:
    answer = get()
    assert answer.status_code == 200
    assert answer.content == SOURCE
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("public, max-age=3600")
    assert not answer.cookies


def test_it_is_compressed_for_browsers_that_accept_it() -> None:
    answer = get(**{"accept-encoding": "br, gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.content) == SOURCE


def test_a_browser_that_has_it_gets_a_304() -> None:
    fresh = get()
    again = get(**{"if-none-match": fresh["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(**{"if-none-match": '"older"'}).status_code == 200


def test_a_304_has_the_same_caching_headers() -> None:
    fresh = get()
    again = get(**{"if-none-match": fresh["ETag"]})
    for name in ("Cache-Control", "Vary", "ETag", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"):
        assert again[name] == fresh[name]


def test_a_failed_precondition_is_not_cached() -> None:
    answer = get(**{"if-match": '"older"'})
    assert (answer.status_code, answer["Cache-Control"]) == (412, "no-store")


def test_other_methods_are_refused() -> None:
    answer: HttpResponse = Client(enforce_csrf_checks=True).post("/t.js")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")  # type: ignore[attr-defined]
    assert answer["Allow"] == "GET, HEAD"


def test_its_compressed_size_is_at_most_three_kilobytes() -> None:
    assert len(copy_for("/t.js").packed) <= 3 * 1024


def test_it_uses_no_eval_which_strict_pages_forbid() -> None:
    assert not re.search(r"\b(eval|Function)\(|innerHTML|document\.write", SOURCE.decode("ascii"))


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_served_file_is_built_from_the_readable_source(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "snippet", tmp_path / "snippet", ignore=shutil.ignore_patterns("node_modules"))
    built = tmp_path / "t.js"
    for command in (["npm", "ci", "--ignore-scripts", "--prefer-offline"], ["node", "build.mjs", str(built)]):
        subprocess.run(command, cwd=tmp_path / "snippet", check=True, capture_output=True, timeout=240)
    assert built.read_bytes() == SOURCE, "run `make snippet`"


def test_loaded_from_another_path_it_sends_to_the_matching_path(settings: Any) -> None:
    settings.PUBLIC_PATHS = {"t.js": "/assets/app.js", "collect": "/assets/in"}
    make_copy.cache_clear()
    text = copy_for("/assets/app.js").source
    assert (SOURCE.count(OWN), SOURCE.count(COLLECT)) == (1, 1)
    assert b'"/assets/app.js"' in text
    assert b'"/assets/in"' in text
    assert (OWN in text, COLLECT in text) == (False, False)
    assert copy_for("/t.js").source == SOURCE
    make_copy.cache_clear()


def test_the_documents_give_its_size() -> None:
    size = len(gzip.compress(SOURCE, 9, mtime=0))
    assert f"| bytes | {size:,} |" in (CHECKOUT / "docs" / "snippet.md").read_text()
