"""Archive: a batch -> one object under a key that is derived from its id; and the hits of an object.

`port` says what an archive promises, `objects` what its objects hold, and each adapter has its own module. This module
opens the adapter that the settings name.
"""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from tracker.archive.folder import FolderArchive
from tracker.archive.objects import archive_key
from tracker.archive.port import Archive, ArchiveUnavailable, NotArchived
from tracker.archive.s3 import S3Archive

__all__ = [
    "Archive",
    "ArchiveUnavailable",
    "FolderArchive",
    "NotArchived",
    "S3Archive",
    "archive_key",
    "open_archive",
]


@cache
def open_archive() -> Archive:
    """Return the archive that ARCHIVE_URL names. Each process makes it once. It connects when it is first called."""
    place = urlsplit(settings.ARCHIVE_URL)
    if place.scheme == "s3":
        return S3Archive(place.netloc, unquote(place.path).strip("/"), settings.S3_ENDPOINT_URL)
    return FolderArchive(Path(unquote(place.path)))
