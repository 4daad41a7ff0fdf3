"""The Archive port and its adapters: a batch becomes one object, under a key that derives from its id alone.

In: a batch. Out: an object of gzip JSON lines, and its hits again for a replay. The only module that imports boto3.
"""

import gzip
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from tracker.hit import BadBatch, Batch, Hit, Unavailable, decode_hits, encode_hits

BATCH_ID = re.compile(r"\d{13}-[A-Za-z0-9]{1,64}")
SUFFIX = ".jsonl.gz"
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


def pack(batch: Batch) -> bytes:
    """The object of a batch; the same bytes each time."""
    return gzip.compress(encode_hits(batch.hits), compresslevel=4, mtime=0)


def unpack(body: bytes) -> list[Hit]:
    """The hits of an object. Raises BadBatch."""
    try:
        return decode_hits(gzip.decompress(body))
    except (OSError, EOFError, ValueError) as error:
        raise BadBatch(f"not an archive object: {error}") from error


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
        try:
            return unpack((self.folder / key).read_bytes())
        except FileNotFoundError:
            raise NotArchived(key) from None
        except OSError as error:
            raise ArchiveUnavailable(str(error)) from error
