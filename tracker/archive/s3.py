"""S3: the archive on Amazon S3 or a compatible server. Only this module imports boto3."""

import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import md5
from itertools import takewhile
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from tracker.archive.archive import ObjectArchive
from tracker.archive.port import NotArchived, errors_as_unavailable

#: The time limits of every call. If a server hangs, ArchiveUnavailable is raised.
S3_LIMITS = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
    # Servers other than Amazon's don't know the newer checksums. The signature covers the body anyway.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
#: A check writes an object at most once in this many seconds, because a bucket with versioning keeps every version.
TRIAL_SECONDS = 60.0
#: The number of objects that are deleted in parallel, each on its own connection.
DELETED_AT_ONCE = 8
#: The errors of a call if the server is away, refuses the call or closes the connection.
S3_ERRORS = (BotoCoreError, ClientError, HTTPClientError)


class S3Archive(ObjectArchive):
    """An archive that stores objects in a bucket of Amazon S3 or a compatible server."""

    def __init__(self, bucket: str, prefix: str, endpoint: str = "") -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.endpoint = endpoint or None
        self._tried_at = float("-inf")

    def prepare(self) -> None:
        """Make the bucket if it is missing. Raises ArchiveUnavailable."""
        with errors_as_unavailable(S3_ERRORS, "S3"):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                self._client.create_bucket(Bucket=self.bucket, **self._place())

    def check(self) -> None:
        """Check that the bucket answers. Once in TRIAL_SECONDS also check that an object can be stored in it. Raises
        ArchiveUnavailable."""
        with errors_as_unavailable(S3_ERRORS, "S3"):
            self._client.head_bucket(Bucket=self.bucket)
        if time.monotonic() - self._tried_at > TRIAL_SECONDS:
            self.write("check", b"")
            self._tried_at = time.monotonic()

    @cached_property
    def _client(self) -> Any:
        # ValueError: boto3 can't use a setting (region, profile or endpoint). Until the operator corrects it, the
        # archive counts as unavailable.
        with errors_as_unavailable((*S3_ERRORS, ValueError), "S3"):
            return boto3.client("s3", endpoint_url=self.endpoint, config=S3_LIMITS)

    def _place(self) -> dict[str, Any]:
        """Return the argument that says in which region to make the bucket. S3 wants it for every region but
        us-east-1."""
        region = self._client.meta.region_name
        return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}

    def write(self, key: str, body: bytes) -> None:
        """Store bytes as the object with this key. S3 checks them by a checksum."""
        # Buckets with Object Lock, and some servers, refuse an object without this checksum.
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()
        with errors_as_unavailable(S3_ERRORS, "S3"):
            self._client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body, ContentMD5=digest)

    def read(self, key: str) -> bytes:
        """Read the bytes of an object. Raises NotArchived."""
        return self._read(key)

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Read `length` bytes of an object from `offset` on. Raises NotArchived."""
        return self._read(key, Range=f"bytes={offset}-{offset + length - 1}")

    def read_end(self, key: str, length: int) -> bytes:
        """Read the last `length` bytes of an object, or all its bytes if it has fewer. Raises NotArchived."""
        return self._read(key, Range=f"bytes=-{length}")

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects with these keys, with one call for each. One call for all would need a kind of checksum
        that not every server knows."""
        with errors_as_unavailable(S3_ERRORS, "S3"), ThreadPoolExecutor(DELETED_AT_ONCE) as pool:
            for _ in pool.map(self._delete, keys):
                pass

    def keys(self, folder: str, start: str) -> Iterator[str]:
        """List the keys in a folder that come after the key `start`, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + folder, StartAfter=self.prefix + start
        )
        with errors_as_unavailable(S3_ERRORS, "S3"):
            found = (row["Key"].removeprefix(self.prefix) for page in pages for row in page.get("Contents", ()))
            # Hour folders begin with a digit; all other folders sort after them.
            yield from found if folder else takewhile(lambda key: key < ":", found)

    def _delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def _read(self, key: str, **part: str) -> bytes:
        with errors_as_unavailable(S3_ERRORS, "S3"):
            try:
                found = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key, **part)
                body: bytes = found["Body"].read()
            except self._client.exceptions.NoSuchKey:
                raise NotArchived(key) from None
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidRange":  # the object has no such part: it is cut
                    return b""
                raise
        return body
