"""Archives: an archive in a folder, and one in a bucket of the real S3, both with direct access to their objects."""

from pathlib import Path
from typing import Any

from django.conf import settings

from tracker.archive import FolderArchive, ObjectArchive
from tracker.archive.s3 import S3Archive
from tracker.collection.hit import Batch, Hit, batch_id

HOUR = 3_600_000
NOON = 1_795_176_000_000  # 2026-11-20T12:00Z


class Folder:
    """An archive in a folder, with direct access to its files."""

    def __init__(self, folder: Path) -> None:
        self.archive: ObjectArchive = FolderArchive(folder)
        self.folder = folder

    def read(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def write(self, key: str, body: bytes) -> None:
        (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / key).write_bytes(body)


class Bucket:
    """An archive in the test's own S3 bucket, with direct access to its objects."""

    def __init__(self, bucket: str) -> None:
        self.archive: ObjectArchive = S3Archive(bucket, "some/hits", settings.S3_ENDPOINT_URL)
        self.client: Any = self.archive._client
        self.bucket = bucket

    def read(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.bucket, Key=f"some/hits/{key}")["Body"].read()
        return body

    def write(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"some/hits/{key}", Body=body)

    def remove(self) -> None:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for row in page.get("Contents", ()):
                self.client.delete_object(Bucket=self.bucket, Key=row["Key"])
        self.client.delete_bucket(Bucket=self.bucket)


Place = Folder | Bucket


def batch(made_at: int = NOON, nonce: str = "a", *ids: str) -> Batch:
    """Return a batch of page hits."""
    hits = [
        Hit(id=one, site="s", type="page", at=1, received=1, visitor="v", title="né \U0001f600", props={"a": "1"})
        for one in ids or ("h1",)
    ]
    return Batch(batch_id(made_at, nonce), tuple(hits))
