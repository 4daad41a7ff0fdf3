"""Archive: stores each batch of raw hits for good, as an object in S3 or a file in a folder.

`port` describes the interface; `folder` and `s3` implement it. `open_archive` returns the one that the settings name.
"""

import time
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from tracker.archive.ahead import ahead
from tracker.archive.archive import ObjectArchive
from tracker.archive.finder import Finder
from tracker.archive.folder import FolderArchive
from tracker.archive.keys import HOUR_MS, archive_key, batch_of, place, place_before
from tracker.archive.merger import Merger
from tracker.archive.port import Archive, ArchiveUnavailable, NotArchived, Piece, Wanted

# To import boto3 takes a tenth of the time in which a process starts. An archive in a folder doesn't need it.
if urlsplit(settings.ARCHIVE_URL).scheme == "s3":
    from tracker.archive.s3 import S3Archive

__all__ = [
    "Archive",
    "ArchiveUnavailable",
    "Finder",
    "FolderArchive",
    "Merger",
    "NotArchived",
    "ObjectArchive",
    "Piece",
    "Wanted",
    "ahead",
    "archive_key",
    "batch_of",
    "merged_until",
    "open_archive",
    "open_merger",
    "place",
    "place_before",
]


@cache
def open_archive() -> ObjectArchive:
    """Return the archive that the setting ARCHIVE_URL names. Each process has one, which connects at its first use."""
    place = urlsplit(settings.ARCHIVE_URL)
    if place.scheme == "s3":
        return S3Archive(place.netloc, unquote(place.path).strip("/"), settings.S3_ENDPOINT_URL)
    return FolderArchive(Path(unquote(place.path)))


def open_merger() -> Merger:
    """Return the Merger of this process. There is only one, because it remembers which objects are damaged."""
    return _merger_of(open_archive())


@lru_cache(1)
def _merger_of(archive: ObjectArchive) -> Merger:
    return Merger(archive)


def merged_until() -> int:
    """Return the instant (ms) before which an hour must have ended for its objects to be merged now. This instant is
    ARCHIVE_MERGE_HOURS ago, but at least one hour."""
    return time.time_ns() // 1_000_000 - max(settings.ARCHIVE_MERGE_HOURS, 1) * HOUR_MS
