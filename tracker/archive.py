"""The Archive port and its adapters: a batch becomes one object, under a key that derives from its id alone.

In: a batch. Out: an object of gzip JSON lines, and its hits again for a replay. The only module that imports boto3.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings

from tracker.hit import BadBatch, Batch, Hit, Unavailable, batch_id, decode_hits, encode_hits

BATCH_ID = re.compile(r"\d{13}-[A-Za-z0-9]{1,64}")
SUFFIX = ".jsonl.gz"
SNAPSHOTS, SNAPSHOT_SUFFIX = "configuration/", ".json.gz"
#: The last instant that a batch id can name.
LATEST = 10**13 - 1
#: Bounds of every call, so that a server that hangs is an ArchiveUnavailable and not a hanging worker.
S3_LIMITS = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
    # Servers other than Amazon's don't know the newer checksums; the signature covers the body anyway.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class ArchiveUnavailable(Unavailable):
    """The archive can't be reached, or refused a call. Trying again later may help."""


class NotArchived(LookupError):
    """The archive has no such object."""


class Archive(Protocol):
    """Raw hits for good, one object a batch.

    A put is durable when it returns; repeating it writes the same bytes under the same key. Nothing is ever deleted
    or changed. Every method may raise ArchiveUnavailable, after which the object is there whole or not at all.
    """

    def put(self, batch: Batch) -> str:
        """Keep a batch; gives its key. An empty batch (a marker) leaves nothing."""

    def get(self, key: str) -> list[Hit]:
        """The hits of an object. Raises NotArchived, and BadBatch where it was damaged."""

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """The keys of the batches made at `since` <= ms < `until` and after the key `after`, in the order of time."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Keep a snapshot of the configuration, made at an instant (ms); gives its key."""

    def get_snapshot(self, key: str) -> bytes:
        """The body of a snapshot. Raises NotArchived, and BadBatch where it was damaged."""

    def list_snapshots(self) -> Iterator[str]:
        """The keys of all snapshots, in the order of time."""

    def prepare(self) -> None:
        """Make the folder or bucket if it is missing. Safe to repeat."""

    def check(self) -> None:
        """Answer quickly if the archive works; ArchiveUnavailable if not."""


def archive_key(batch_id: str) -> str:
    """`YYYY/MM/DD/HH/<batch id>.jsonl.gz`, by when the batch was made (UTC). Raises BadBatch for no batch id."""
    if not BATCH_ID.fullmatch(batch_id):
        raise BadBatch(f"{batch_id[:80]!r} is no batch id")
    made_at = datetime.fromtimestamp(int(batch_id[:13]) / 1000, UTC)
    return f"{made_at:%Y/%m/%d/%H}/{batch_id}{SUFFIX}"


def snapshot_key(made_at: int, nonce: str) -> str:
    """`configuration/YYYY/MM/DD/HH/<ms>-<nonce>.json.gz`. No batch's key begins like it, so neither hides the other."""
    return f"{SNAPSHOTS}{archive_key(batch_id(made_at, nonce)).removesuffix(SUFFIX)}{SNAPSHOT_SUFFIX}"


def unpack_snapshot(key: str, body: bytes) -> bytes:
    """The body of a snapshot's object. Raises BadBatch."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"{key} is damaged: {error}") from error


def pack(batch: Batch) -> bytes:
    """The object of a batch; the same bytes each time."""
    return gzip.compress(encode_hits(batch.hits), compresslevel=4, mtime=0)


def unpack(body: bytes) -> list[Hit]:
    """The hits of an object. Raises BadBatch; an empty object is no batch, what it held is lost."""
    try:
        hits = decode_hits(gzip.decompress(body))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"not an archive object: {error}") from error
    if not hits:
        raise BadBatch("not an archive object: it is empty")
    return hits


def first_key(made_at: int) -> str:
    """What every key of a batch made then or later is greater than."""
    return archive_key(f"{min(max(made_at, 0), LATEST):013d}-0").removesuffix(f"0{SUFFIX}")


class FolderArchive:
    """Objects as files below a folder. Each is written aside, flushed to disk and then renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, batch: Batch) -> str:
        """See Archive."""
        key = archive_key(batch.id)
        if batch.hits:
            with unavailable(OSError, "the archive's folder"):
                write_durably(self.folder / key, pack(batch))
        return key

    def get(self, key: str) -> list[Hit]:
        """See Archive."""
        return unpack(self._read(key))

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """See Archive."""
        with unavailable(OSError, "the archive's folder"):
            yield from between(self._keys(first_key(since)), since, until, after)

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """See Archive."""
        key = snapshot_key(made_at, nonce)
        with unavailable(OSError, "the archive's folder"):
            write_durably(self.folder / key, gzip.compress(body, mtime=0))
        return key

    def get_snapshot(self, key: str) -> bytes:
        """See Archive."""
        return unpack_snapshot(key, self._read(key))

    def list_snapshots(self) -> Iterator[str]:
        """See Archive."""
        with unavailable(OSError, "the archive's folder"):
            files = sorted((self.folder / SNAPSHOTS).glob(f"[0-9]*/[0-9]*/[0-9]*/[0-9]*/[0-9]*{SNAPSHOT_SUFFIX}"))
            yield from (file.relative_to(self.folder).as_posix() for file in files)

    def prepare(self) -> None:
        """See Archive."""
        with unavailable(OSError, "the archive's folder"):
            self.folder.mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """See Archive. A folder that is not there yet is made by the first put."""
        with unavailable(OSError, "the archive's folder"):
            place = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
            if not os.access(place, os.W_OK | os.X_OK):
                raise ArchiveUnavailable(f"{place} can't be written")

    def _read(self, key: str) -> bytes:
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError:
            raise NotArchived(key) from None
        except OSError as error:
            raise ArchiveUnavailable(str(error)) from error

    def _keys(self, start: str) -> Iterator[str]:
        """Every key, hour by hour in order, from the hour of `start` on."""
        for hour in sorted(self.folder.glob("[0-9]*/[0-9]*/[0-9]*/[0-9]*")):
            name = hour.relative_to(self.folder).as_posix()
            if name >= start[: len(name)]:
                yield from (f"{name}/{file.name}" for file in sorted(hour.glob(f"*{SUFFIX}")))


class S3Archive:
    """Objects in a bucket of Amazon S3 or a server that speaks its protocol."""

    def __init__(self, bucket: str, prefix: str, endpoint: str = "") -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client("s3", endpoint_url=endpoint or None, config=S3_LIMITS)

    def put(self, batch: Batch) -> str:
        """See Archive."""
        key = archive_key(batch.id)
        if batch.hits:
            self._write(key, pack(batch))
        return key

    def get(self, key: str) -> list[Hit]:
        """See Archive."""
        return unpack(self._read(key))

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """See Archive."""
        yield from between(self._keys("", max(first_key(since), after)), since, until, after)

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """See Archive."""
        key = snapshot_key(made_at, nonce)
        self._write(key, gzip.compress(body, mtime=0))
        return key

    def get_snapshot(self, key: str) -> bytes:
        """See Archive."""
        return unpack_snapshot(key, self._read(key))

    def list_snapshots(self) -> Iterator[str]:
        """See Archive."""
        yield from (key for key in self._keys(SNAPSHOTS, SNAPSHOTS) if key.endswith(SNAPSHOT_SUFFIX))

    def prepare(self) -> None:
        """See Archive."""
        with unavailable(S3_ERRORS, "S3"):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                self._client.create_bucket(Bucket=self.bucket)

    def check(self) -> None:
        """See Archive."""
        with unavailable(S3_ERRORS, "S3"):
            self._client.head_bucket(Bucket=self.bucket)

    def _write(self, key: str, body: bytes) -> None:
        with unavailable(S3_ERRORS, "S3"):
            self._client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body)

    def _read(self, key: str) -> bytes:
        with unavailable(S3_ERRORS, "S3"):
            try:
                body: bytes = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()
            except self._client.exceptions.NoSuchKey:
                raise NotArchived(key) from None
        return body

    def _keys(self, folder: str, start: str) -> Iterator[str]:
        """Every key of a folder after a place, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + folder, StartAfter=self.prefix + start
        )
        with unavailable(S3_ERRORS, "S3"):
            yield from (row["Key"].removeprefix(self.prefix) for page in pages for row in page.get("Contents", ()))


#: What an S3 call raises when the server is away, refuses, or hangs up.
S3_ERRORS = (BotoCoreError, ClientError, HTTPClientError)


@contextmanager
def unavailable(errors: type[Exception] | tuple[type[Exception], ...], what: str) -> Iterator[None]:
    """What a service raises, as ArchiveUnavailable."""
    try:
        yield
    except errors as error:
        raise ArchiveUnavailable(f"{what}: {error}") from error


def between(keys: Iterable[str], since: int, until: int, after: str) -> Iterator[str]:
    """Of keys in their order, those of batches made in a stretch of time, after a key; what is no batch is left out."""
    for key in keys:
        made_at = key.rpartition("/")[2][:13]
        if not key.endswith(SUFFIX) or not made_at.isdigit() or key <= after or int(made_at) < since:
            continue
        if int(made_at) >= until:
            return
        yield key


def write_durably(path: Path, body: bytes) -> None:
    """Write a file so that it is there whole or not at all, and stays there after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    with aside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@cache
def open_archive() -> Archive:
    """The archive that ARCHIVE_URL names. Made once a process; it holds no connection before the first call."""
    place = urlsplit(settings.ARCHIVE_URL)
    if place.scheme == "s3":
        return S3Archive(place.netloc, unquote(place.path).strip("/"), settings.S3_ENDPOINT_URL)
    return FolderArchive(Path(unquote(place.path)))
