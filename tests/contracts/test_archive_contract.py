"""The contract of archives, for each adapter: a folder and the real S3. Failures come from real servers and disks."""

import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import needs_s3
from tests.contracts.archives import HOUR, NOON, Bucket, Place, batch
from tests.small_disk import fill, small_disk
from tracker.archive import Archive, ArchiveUnavailable, FolderArchive, NotArchived, archive_key
from tracker.archive.s3 import S3Archive
from tracker.collection.hit import BadBatch, Batch, batch_id


@pytest.fixture
def archive(place: Place) -> Archive:
    return place.archive


def test_a_batch_comes_back_whole(archive: Archive) -> None:
    sent = batch(NOON, "a", "h1", "h2", "h3")
    assert archive.get(archive.put(sent)) == list(sent.hits)


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are flushed to disk, in order."""
    paths: list[str] = []
    monkeypatch.setattr("os.fsync", lambda file: paths.append(os.readlink(f"/proc/self/fd/{file}")))
    return paths


def test_a_folder_flushes_the_file_and_then_its_name(tmp_path: Path, flushed: list[str]) -> None:
    FolderArchive(tmp_path).put(batch())
    flushed.clear()
    key = FolderArchive(tmp_path).put(batch(NOON, "b"))
    file, folder = map(Path, flushed)
    assert file.parent == folder == (tmp_path / key).parent


def test_a_new_folders_name_is_flushed_too(tmp_path: Path, flushed: list[str]) -> None:
    archive = FolderArchive(tmp_path / "archive")
    archive.put(batch())
    assert flushed[:5] == [
        str(tmp_path / name) for name in ("", "archive", "archive/2026", "archive/2026/11", "archive/2026/11/20")
    ]
    flushed.clear()
    archive.put(batch(NOON + HOUR))
    assert flushed[0] == str(tmp_path / "archive/2026/11/20")
    assert len(flushed) == 3


def test_preparing_flushes_the_name_of_the_folder(tmp_path: Path, flushed: list[str]) -> None:
    FolderArchive(tmp_path / "archive").prepare()
    assert flushed == [str(tmp_path)]


def test_a_key_names_the_hour_and_the_batch(archive: Archive) -> None:
    assert archive.put(batch(NOON, "xyz")) == "2026/11/20/12/1795176000000-xyz.jsonl.gz"


def test_a_batch_that_is_delivered_again_writes_the_same_bytes_under_the_same_key(place: Place) -> None:
    sent = batch(NOON, "a", "h1", "h2")
    key = place.archive.put(sent)
    before = place.read(key)
    assert place.archive.put(sent) == key
    assert place.read(key) == before
    assert list(place.archive.list()) == [key]


def test_a_batch_of_the_maximum_size_comes_back(archive: Archive) -> None:
    sent = batch(NOON, "a", *(f"h{n}" for n in range(500)))
    assert len(archive.get(archive.put(sent))) == 500


def test_a_marker_is_not_archived(archive: Archive) -> None:
    key = archive.put(Batch(batch_id(NOON, "m")))
    assert list(archive.list()) == []
    with pytest.raises(NotArchived):
        archive.get(key)


def test_a_missing_object_raises_not_archived(archive: Archive) -> None:
    with pytest.raises(NotArchived):
        archive.get(archive_key(batch_id(NOON, "none")))


def cut(body: bytes) -> bytes:
    return body[:-9]


def flip(place: int) -> Callable[[bytes], bytes]:
    """Return a function that changes one byte of an object. At some places the gzip stream can't be read then; at
    others only its checksum is wrong."""
    return lambda body: body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]


@pytest.mark.parametrize(
    "harm", [cut, flip(10), flip(20), flip(-6), lambda body: b"", lambda body: b"{}\n", lambda body: body + b"more"]
)
def test_a_damaged_object_is_not_taken_for_a_service_that_is_away(place: Place, harm: Any) -> None:
    key = place.archive.put(batch(NOON, "a", "h1", "h2"))
    place.write(key, harm(place.read(key)))
    with pytest.raises(BadBatch):
        place.archive.get(key)


def test_objects_are_listed_in_the_order_of_time(archive: Archive) -> None:
    sent = [batch(NOON + at, nonce) for at in (-30 * 24 * HOUR, -1, 0, 5, HOUR) for nonce in ("B", "a", "z")]
    keys = [archive.put(one) for one in sent]
    assert list(archive.list()) == keys == sorted(keys)


def test_a_range_begins_with_its_first_instant_and_ends_before_its_last(archive: Archive) -> None:
    keys = {at: archive.put(batch(NOON + at)) for at in (-HOUR, -1, 0, 1, HOUR)}
    assert list(archive.list(NOON, NOON + HOUR)) == [keys[0], keys[1]]
    assert list(archive.list(NOON - 1, NOON)) == [keys[-1]]
    assert list(archive.list(NOON + 2)) == [keys[HOUR]]
    assert list(archive.list(0, NOON - HOUR)) == []


def test_a_list_can_begin_after_a_key(archive: Archive) -> None:
    keys = [archive.put(batch(NOON + at, nonce)) for at in (0, HOUR) for nonce in ("a", "b")]
    for place, key in enumerate(keys):
        assert list(archive.list(after=key)) == keys[place + 1 :]
    assert list(archive.list(NOON + HOUR, after=keys[0])) == keys[2:]
    assert list(archive.list(NOON, NOON + HOUR, after=keys[0])) == keys[1:2]


def test_other_files_are_not_listed(place: Place) -> None:
    key = place.archive.put(batch(NOON))
    for other in ("2026/11/20/12/notes.txt", "2026/11/20/12/short.jsonl.gz", "readme", "zz/1795176000000-a.json.gz"):
        place.write(other, b"x")
    assert list(place.archive.list()) == [key]


def test_more_objects_than_a_page_of_s3_holds_are_all_listed(place: Place) -> None:
    for n in range(1_100):
        place.write(archive_key(batch_id(NOON, f"{n:04d}")), b"x")
    assert len(list(place.archive.list())) == 1_100
    assert len(list(place.archive.list(after=archive_key(batch_id(NOON, "0999"))))) == 100


def test_no_key_leads_out_of_the_archive(archive: Archive) -> None:
    for bad in ("../../x", "", "1795176000000-../x", "1795176000000-a/b", "179517600000-a"):
        with pytest.raises(BadBatch):
            archive.put(Batch(bad, batch().hits))


def test_preparing_again_and_checking_change_nothing(archive: Archive) -> None:
    key = archive.put(batch())
    archive.prepare()
    archive.check()
    assert list(archive.list()) == [key]


CALLS = [
    lambda archive: archive.put(batch()),
    lambda archive: archive.get(archive_key(batch().id)),
    lambda archive: list(archive.list()),
    lambda archive: archive.check(),
    lambda archive: archive.prepare(),
    lambda archive: archive.delete([archive_key(batch().id)]),
    lambda archive: archive.read_end(archive_key(batch().id), 9),
]


def away(archive: Archive) -> None:
    """Check that every call raises ArchiveUnavailable, which callers retry."""
    for call in CALLS:
        with pytest.raises(ArchiveUnavailable):
            call(archive)


class Refusing(BaseHTTPRequestHandler):
    """An S3 server that is over its limits."""

    status, body, length = 503, b"<Error><Code>SlowDown</Code></Error>", 0

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("Content-Length", str(self.length or len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_PUT = do_HEAD = answer

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class Denying(Refusing):
    """An S3 server that rejects the credentials."""

    status, body = 403, b"<Error><Code>AccessDenied</Code></Error>"


class BreakingOff(Refusing):
    """An S3 server whose connection breaks in the middle of an object."""

    status, body, length = 200, b"\x1f\x8b\x08", 1_000

    def answer(self) -> None:
        super().answer()
        self.close_connection = True

    do_GET = do_PUT = do_HEAD = answer


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "some")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def server(request: pytest.FixtureRequest, credentials: None) -> Iterator[S3Archive]:
    """An archive on the S3 server that the test names."""
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield S3Archive("bucket", "", f"http://127.0.0.1:{http.server_port}")
        http.shutdown()


@pytest.mark.parametrize("server", [Refusing, Denying], indirect=True)
def test_an_s3_that_refuses_is_away(server: S3Archive) -> None:
    away(server)


@pytest.mark.parametrize("server", [BreakingOff], indirect=True)
def test_an_object_that_breaks_off_in_transfer_is_not_a_damaged_one(server: S3Archive) -> None:
    with pytest.raises(ArchiveUnavailable):
        server.get(archive_key(batch().id))


def test_an_s3_port_without_a_server_is_away(credentials: None) -> None:
    away(S3Archive("bucket", "", "http://127.0.0.1:9"))


def test_an_endpoint_that_is_not_a_url_is_away(credentials: None) -> None:
    away(S3Archive("bucket", "", "http://foo bar:1"))


def test_a_missing_bucket_is_away_until_it_is_prepared(credentials: None) -> None:
    needs_s3()
    bucket = Bucket(f"contract-{uuid4().hex[:12]}")
    bucket.client = bucket.archive._client  # type: ignore[attr-defined]
    for call in CALLS[:4]:
        with pytest.raises(ArchiveUnavailable):
            call(bucket.archive)
    bucket.archive.prepare()
    assert list(bucket.archive.list()) == []
    bucket.remove()


def test_a_file_in_the_folders_place_means_away(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("x")
    archive = FolderArchive(tmp_path / "archive")
    for call in (CALLS[0], CALLS[1], CALLS[4]):
        with pytest.raises(ArchiveUnavailable):
            call(archive)


def test_a_full_disk_leaves_no_temporary_files_and_fails_the_check(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        archive, rest = FolderArchive(disk), fill(disk)
        for call in (CALLS[0], lambda archive: archive.put_snapshot(NOON, "a", b"x" * 10_000), CALLS[3]):
            with pytest.raises(ArchiveUnavailable):
                call(archive)
        assert [file for file in disk.rglob("*") if file.is_file()] == [rest]
        rest.unlink()
        archive.check()
        assert [file for file in disk.rglob("*") if file.is_file()] == []


def test_a_write_that_did_not_finish_is_not_listed(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    key = archive.put(batch())
    (tmp_path / key).with_name(f".{Path(key).name}.1.2").write_bytes(b"half")
    assert list(archive.list()) == [key]


def test_a_snapshot_of_the_configuration_comes_back_and_is_listed_by_time(archive: Archive) -> None:
    keys = [archive.put_snapshot(NOON + at, "abcd", f"né {at}".encode()) for at in (HOUR, -1, 0)]
    assert keys[2] == "configuration/2026/11/20/12/1795176000000-abcd.json.gz"
    assert list(archive.list_snapshots()) == [keys[1], keys[2], keys[0]]
    assert archive.get_snapshot(keys[0]).decode() == f"né {HOUR}"


def test_batches_and_snapshots_are_listed_separately(archive: Archive) -> None:
    key, snapshot = archive.put(batch()), archive.put_snapshot(NOON, "abcd", b"{}")
    assert list(archive.list()) == [key]
    assert list(archive.list(after=key)) == []
    assert list(archive.list_snapshots()) == [snapshot]


def test_a_missing_or_damaged_snapshot_raises_its_own_error(place: Place) -> None:
    key = place.archive.put_snapshot(NOON, "abcd", b"{}" * 99)
    for harm in (cut, flip(10), flip(-6)):
        place.write(key, harm(place.read(key)))
        with pytest.raises(BadBatch):
            place.archive.get_snapshot(key)
    with pytest.raises(NotArchived):
        place.archive.get_snapshot(key.replace("abcd", "none"))


def test_without_snapshots_the_list_is_empty(archive: Archive) -> None:
    assert list(archive.list_snapshots()) == []
