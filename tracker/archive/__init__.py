"""The archive: a batch becomes one object, under a key that derives from its id alone; a replay gets its hits again.

The port, the objects, and an adapter a file; this opens the one that the settings name.
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
    """The archive that ARCHIVE_URL names. Made once a process; it holds no connection before the first call."""
    place = urlsplit(settings.ARCHIVE_URL)
    if place.scheme == "s3":
        return S3Archive(place.netloc, unquote(place.path).strip("/"), settings.S3_ENDPOINT_URL)
    return FolderArchive(Path(unquote(place.path)))
