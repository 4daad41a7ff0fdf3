"""Collection through the real server: requests of browsers, beacons, images and broken clients, and their answers."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.running import Tracker

GIF_BYTES = 43


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """An embedded tracker with its web process."""
    with Tracker(Path(tmp_path_factory.mktemp("server")), {"WEB_IDLE_SECONDS": "2"}) as tracker:
        tracker.migrate()
        tracker.start("web")
        yield tracker


@pytest.fixture(scope="module")
def made(tracker: Tracker) -> dict[str, Any]:
    """The values that bootstrap prints."""
    return tracker.bootstrap("--account", "server")


@pytest.fixture(scope="module")
def site(made: dict[str, Any]) -> str:
    return str(made["site"])


def post(tracker: Tracker, body: Any, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(
        f"{tracker.url}/collect", data, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def raw(tracker: Tracker, method: str, headers: dict[str, str], chunks: list[bytes]) -> tuple[int, Any]:
    """Send a raw chunked request, without the headers that the library `requests` would add."""
    connection = http.client.HTTPConnection("127.0.0.1", tracker.port, timeout=10)
    connection.request(method, "/collect", iter(chunks), headers, encode_chunked=True)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_hit_is_accepted_by_query_form_json_and_image(tracker: Tracker, site: str) -> None:
    ok = {"accepted": 1, "rejected": []}
    assert requests.get(f"{tracker.url}/collect", {"site": site}).json() == ok
    assert requests.post(f"{tracker.url}/collect", {"site": site}).json() == ok
    assert post(tracker, {"site": site}, Content_Type="application/json").json() == ok
    image = requests.get(f"{tracker.url}/pixel.gif", {"site": site})
    assert (image.status_code, image.headers["Content-Type"], len(image.content)) == (200, "image/gif", GIF_BYTES)
    assert image.headers["Cache-Control"] == "no-store"


def test_a_beacon_of_plain_text_is_a_hit(tracker: Tracker, site: str) -> None:
    answer = post(tracker, {"site": site}, Content_Type="text/plain;charset=UTF-8", Origin="https://shop.example")
    assert answer.json()["accepted"] == 1
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_a_chunked_body_without_a_content_type_is_a_hit(tracker: Tracker, site: str) -> None:
    body = json.dumps([{"site": site}, {"site": site}]).encode()
    chunked = {"Transfer-Encoding": "chunked"}
    assert raw(tracker, "POST", chunked, [body[:7], body[7:]]) == (200, {"accepted": 2, "rejected": []})


def post_broken(tracker: Tracker, path: str, chunks: bytes) -> tuple[int, str]:
    """Return the answer to a malformed chunked stream."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", tracker.port), timeout=10) as connection:
        connection.sendall(head.encode() + chunks)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read()).get("error", {}).get("code")


def test_a_chunked_body_that_breaks_off_does_not_make_a_hit_of_the_query(tracker: Tracker, site: str) -> None:
    path = f"/collect?site={site}"
    assert post_broken(tracker, path, b"zz\r\n{}") == (400, "incomplete")
    assert post_broken(tracker, path, b'9\r\n{"type": \r\nzz\r\n{}') == (400, "bad_json")


def test_a_chunked_body_is_cut_at_the_limit(tracker: Tracker) -> None:
    status, body = raw(tracker, "POST", {"Transfer-Encoding": "chunked"}, [b" " * 65536] * 32)
    assert (status, body["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": str(12 << 20)}])
def test_a_client_that_sends_far_too_much_gets_a_413_and_not_a_reset(tracker: Tracker, headers: dict[str, str]) -> None:
    for _ in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", tracker.port, timeout=30)
        chunked = "Transfer-Encoding" in headers
        connection.request("POST", "/collect", iter([b" " * 65536] * 192), headers, encode_chunked=chunked)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too_large")


def test_a_gzip_body_is_read_and_a_bomb_is_refused(tracker: Tracker, site: str) -> None:
    packed = gzip.compress(json.dumps({"site": site}).encode())
    assert post(tracker, packed, Content_Encoding="gzip").json()["accepted"] == 1
    assert code(post(tracker, gzip.compress(b" " * (1 << 26)), Content_Encoding="gzip")) == (413, "too_large")


def test_pages_of_any_origin_may_send_hits(tracker: Tracker) -> None:
    answer = requests.options(
        f"{tracker.url}/collect",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type"
    assert requests.get(f"{tracker.url}/collect").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "missing_site")),
        (b"{}", (400, "missing_site")),
        (b'{"site":"nobody"}', (404, "unknown_site")),
        (b'[{"site":"nobody"},{}]', (400, "missing_site")),
        (b"[]", (400, "no_hits")),
        (b"{", (400, "bad_json")),
        (b"[" * 100_000, (400, "bad_json")),
        (b'{"props":' * 100_000, (400, "bad_json")),
        (b'{"site":nan}', (400, "bad_json")),
        (b'{"site":"\\ud800"}', (400, "bad_site")),
        (b'{"site":"\xff\xfe"}', (400, "bad_site")),
        (b'{"site":"a\\u0000b"}', (400, "bad_site")),
        (b'{"site":"SITE","id":"no spaces"}', (400, "bad_id")),
        (b'{"site":"SITE","ts":32503680000000}', (400, "bad_ts")),
        (b'{"site":"SITE","type":"sale"}', (400, "bad_type")),
        (b'{"site":"SITE","name":"' + b"n" * 201 + b'"}', (400, "too_long")),
        (b'{"site":"SITE","type":"adjustment"}', (400, "missing_order")),
        (b" " * (2 << 20), (413, "too_large")),
        (b"[" + b'{"site":"SITE"},' * 500 + b'{"site":"SITE"}]', (413, "too_many_hits")),
    ],
)
def test_a_bad_hit_is_refused_with_its_code(
    tracker: Tracker, site: str, body: bytes, expected: tuple[int, str]
) -> None:
    answer = post(tracker, body.replace(b"SITE", site.encode()))
    assert code(answer) == expected
    assert answer.headers["X-Hit-Error"] == expected[1]
    assert "X-Hit-Error" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.status_code != 400 or isinstance(answer.json()["rejected"], list)


def test_good_hits_of_an_array_are_accepted_and_bad_ones_are_named(tracker: Tracker, site: str) -> None:
    hits = [{"site": site}, {"site": site, "id": "no good"}, {"site": "nobody"}, {"site": site, "id": "ok"}]
    answer = post(tracker, hits).json()
    assert answer["accepted"] == 2
    assert [(one["index"], one["code"], one["field"]) for one in answer["rejected"]] == [
        (1, "bad_id", "id"),
        (2, "unknown_site", "site"),
    ]


def test_a_refused_image_request_still_gets_an_image(tracker: Tracker) -> None:
    answer = requests.get(f"{tracker.url}/pixel.gif", {"site": "nobody"})
    assert (answer.status_code, answer.headers["X-Hit-Error"]) == (404, "unknown_site")
    assert (answer.headers["Content-Type"], len(answer.content)) == ("image/gif", GIF_BYTES)


@pytest.mark.parametrize("value", ["1e400", "9" * 401, '"12,50,0"', "NaN", '"EURO 5"', "true"])
def test_a_hit_is_accepted_whatever_its_amount_is(tracker: Tracker, site: str, value: str) -> None:
    assert post(tracker, f'{{"site":"{site}","value":{value}}}'.encode()).json() == {"accepted": 1, "rejected": []}


@pytest.mark.parametrize("consent", ["\ud83c", {"\udc00": "granted"}, {"ad_storage": "\ud800"}], ids=ascii)
def test_a_hit_is_accepted_although_its_unreadable_field_has_half_characters(
    tracker: Tracker, site: str, consent: Any
) -> None:
    answer = post(tracker, {"site": site, "consent": consent})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert [note["code"] for note in answer.json()["notes"]] == ["bad_consent"]


@pytest.mark.parametrize("path", ["/collect/", "//collect", "/pixel.gif//"])
def test_extra_slashes_are_harmless(tracker: Tracker, site: str, path: str) -> None:
    answer = requests.get(f"{tracker.url}{path}", {"site": site}, headers={"Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_head_requests_make_no_hit(tracker: Tracker, site: str) -> None:
    for path in ("/collect", "/pixel.gif", "//collect/"):
        answer = requests.head(f"{tracker.url}{path}", params={"site": site})
        assert (answer.status_code, answer.content) == (204, b"")


def test_another_method_is_refused_with_the_allowed_ones(tracker: Tracker) -> None:
    answer = requests.delete(f"{tracker.url}/collect")
    assert (code(answer), answer.headers["Allow"]) == ((405, "method_not_allowed"), "GET, POST, OPTIONS")
    assert requests.post(f"{tracker.url}/pixel.gif").headers["Allow"] == "GET, OPTIONS"


def test_a_wrong_token_is_refused_and_a_good_one_allows_hits_of_90_days(tracker: Tracker, made: dict[str, Any]) -> None:
    old = {"site": made["site"], "ts": int(time.time() * 1000) - 80 * 86_400_000}
    assert code(post(tracker, old)) == (400, "bad_ts")
    assert code(post(tracker, old, Authorization="Bearer wrong")) == (401, "bad_token")
    assert code(post(tracker, old, Authorization=f"Bearer {made['report_token']}")) == (401, "bad_token")
    assert post(tracker, old, Authorization=f"Bearer {made['ingest_token']}").json()["accepted"] == 1


def test_a_token_sends_only_for_its_own_account(tracker: Tracker, made: dict[str, Any]) -> None:
    other = tracker.bootstrap("--account", "another")
    answer = post(tracker, {"site": other["site"]}, Authorization=f"Bearer {made['ingest_token']}")
    assert code(answer) == (404, "unknown_site")


def test_an_idle_connection_is_closed_after_the_configured_time(tracker: Tracker) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", tracker.port, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status":"ok"}'
        assert connection.sock is first
        time.sleep(0.7)
    began = time.monotonic()
    assert first.recv(1) == b""
    assert 0.5 < time.monotonic() - began < 5


def test_hits_sent_at_once_are_all_counted(tracker: Tracker, made: dict[str, Any]) -> None:
    def buy(n: int) -> int:
        hit = {"site": made["site"], "type": "conversion", "name": "purchase", "order": f"many-{n}", "value": "1"}
        return post(tracker, hit).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(buy, range(200))) == {200}
    tracker.manage("rollup")
    today = datetime.now(UTC).date()  # midnight may have passed since the hits
    answer = requests.get(
        f"{tracker.url}/api/reports/conversions",
        {"site": made["site"], "from": str(today - timedelta(days=1)), "to": str(today)},
        headers={"Authorization": f"Bearer {made['report_token']}"},
    ).json()
    assert answer["totals"]["value"] == "200.000000"
    assert answer["live"]["conversions"] == 200


def test_suspicious_requests_leave_few_short_lines_in_the_log(tracker: Tracker) -> None:
    before = len(tracker.log("web").read_text())
    for path, host in (("/", "evil"), ("/login", "h" * 60_000), (f"/login?{'&a=1' * 300}", "localhost")):
        for method in (requests.get, requests.post):
            for _ in range(20):
                answer = method(f"{tracker.url}{path}", headers={"Host": host}, data={f"p{n}": "1" for n in range(300)})
                assert answer.status_code in (400, 403), (path, answer.status_code)
    written = tracker.log("web").read_text()[before:]
    assert "Traceback" not in written
    assert 0 < len(written) < 8_000
