"""Archive: a batch -> one object under a key that is derived from its id; and the hits of an object.

The port, the objects and each adapter have a file of their own. This opens the adapter that the settings name.
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
    """The archive that ARCHIVE_URL names, made once per process. It connects at its first call."""
    place = urlsplit(settings.ARCHIVE_URL)
    if place.scheme == "s3":
        return S3Archive(place.netloc, unquote(place.path).strip("/"), settings.S3_ENDPOINT_URL)
    return FolderArchive(Path(unquote(place.path)))
