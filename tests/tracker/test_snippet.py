"""`/t.js`: small, cacheable, and for any page."""

import gzip
import re

from django.http import HttpResponse
from django.test import Client

from tracker.snippet import SOURCE


def get(method: str = "get", **headers: str) -> HttpResponse:
    answer: HttpResponse = getattr(Client(headers=headers), method)("/t.js")
    return answer


def test_any_page_may_load_it_and_keep_it_for_an_hour() -> None:
    answer = get()
    assert answer.status_code == 200
    assert answer.content == SOURCE
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("public, max-age=3600")
    assert not answer.cookies


def test_it_is_packed_for_browsers_that_can_unpack_it() -> None:
    answer = get(**{"accept-encoding": "br, gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.content) == SOURCE
    assert len(answer.content) < 2_000


def test_a_browser_that_has_it_is_told_so() -> None:
    fresh = get()
    again = get(**{"if-none-match": fresh["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(**{"if-none-match": '"older"'}).status_code == 200


def test_a_browser_that_has_it_may_keep_and_use_it_as_before() -> None:
    fresh = get()
    again = get(**{"if-none-match": fresh["ETag"]})
    for name in ("Cache-Control", "Vary", "ETag", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"):
        assert again[name] == fresh[name]


def test_a_condition_that_fails_is_not_kept_for_others() -> None:
    answer = get(**{"if-match": '"older"'})
    assert (answer.status_code, answer["Cache-Control"]) == (412, "no-store")


def test_other_methods_are_refused() -> None:
    answer: HttpResponse = Client(enforce_csrf_checks=True).post("/t.js")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")  # type: ignore[attr-defined]
    assert answer["Allow"] == "GET, HEAD"


def test_it_is_small_and_old_browsers_can_read_it() -> None:
    text = SOURCE.decode("ascii")
    assert len(text) < 4096
    assert not re.search(r"=>|`|\b(let|const|class|async|await|eval|Promise)\b|\?\?|\?\.", text)
