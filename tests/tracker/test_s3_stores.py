"""S3 servers with extra demands: a region, a digest of each object, write permission."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from tracker.archive import ArchiveUnavailable
from tracker.archive.s3 import S3Archive
from tracker.collection.hit import Batch, Hit, batch_id

NOON = 1_795_176_000_000  # 2026-11-20T12:00Z
HIT = Hit(id="one", site="shop", type="page", at=NOON, received=NOON, visitor="ann")
BATCH = Batch(batch_id(NOON, "a"), (HIT,))


class Store(BaseHTTPRequestHandler):
    """A server with one bucket, `there`. It notes the requests and answers each PUT with the result of `judge`."""

    put: ClassVar[list[tuple[str, bytes]]]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.end(200 if self.path == "/there" else 404)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code = self.judge(body)
        if not code:
            type(self).put.append((self.path, body))
        self.end(400 if code else 200, f"<Error><Code>{code}</Code></Error>".encode() if code else b"")

    def judge(self, body: bytes) -> str:
        return ""

    def end(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class Locked(Store):
    """A bucket with Object Lock refuses an object without a digest of its body."""

    def judge(self, body: bytes) -> str:
        right = b64encode(md5(body).digest()).decode()
        return "" if self.headers.get("Content-MD5") == right else "InvalidRequest"


class InFrankfurt(Store):
    """A region whose name must be given to make a bucket."""

    def judge(self, body: bytes) -> str:
        return "" if b"<LocationConstraint>eu-central-1<" in body else "IllegalLocationConstraintException"


class InVirginia(Store):
    """A region whose name must not be given to make a bucket."""

    def judge(self, body: bytes) -> str:
        return "InvalidLocationConstraint" if b"LocationConstraint" in body else ""


class ReadOnly(Store):
    """A server for a key that may read but not write."""

    def judge(self, body: bytes) -> str:
        return "AccessDenied"


class Undeletable(Store):
    """A server for a key that may do everything except delete."""

    def do_DELETE(self) -> None:
        self.end(403, b"<Error><Code>AccessDenied</Code></Error>")


@pytest.fixture
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[Store]]]:
    """The address of the server that the test names, and the requests that it got."""
    region = "eu-central-1" if request.param is InFrankfurt else "us-east-1"
    for name, value in {"ACCESS_KEY_ID": "some", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": region}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    request.param.put = []
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", request.param
        http.shutdown()


Served = tuple[str, type[Store]]


@pytest.mark.parametrize("store", [Locked], indirect=True)
def test_a_bucket_with_object_lock_accepts_hits_and_snapshots(store: Served) -> None:
    archive = S3Archive("there", "hits", store[0])
    keys = [archive.put(BATCH), archive.put_snapshot(NOON, "a", b"{}")]
    archive.check()
    assert [path for path, _ in store[1].put] == [f"/there/hits/{key}" for key in (*keys, "check")]


@pytest.mark.parametrize("store", [InFrankfurt, InVirginia], indirect=True)
def test_a_missing_bucket_is_made_in_the_configured_region(store: Served) -> None:
    S3Archive("missing", "", store[0]).prepare()
    assert [path for path, _ in store[1].put] == ["/missing"]
    S3Archive("there", "", store[0]).prepare()
    assert len(store[1].put) == 1


@pytest.mark.parametrize("store", [ReadOnly], indirect=True)
def test_a_read_only_bucket_is_not_ready(store: Served) -> None:
    archive = S3Archive("there", "", store[0])
    for _ in range(2):
        with pytest.raises(ArchiveUnavailable, match="AccessDenied"):
            archive.check()


@pytest.mark.parametrize("store", [Store], indirect=True)
def test_frequent_checks_write_few_objects(store: Served) -> None:
    archive = S3Archive("there", "", store[0])
    for _ in range(5):
        archive.check()
    assert len(store[1].put) == 1


@pytest.mark.parametrize("store", [Undeletable], indirect=True)
def test_a_key_that_may_not_delete_is_reported_with_the_missing_permission(store: Served) -> None:
    archive = S3Archive("there", "hits", store[0])
    with pytest.raises(ArchiveUnavailable, match=r"AccessDenied.*DeleteObject"):
        archive.delete([archive.put(BATCH)])
