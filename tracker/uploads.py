"""Uploads: holds uploaded files in memory, up to a limit. Files of strangers are never written to disk."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

#: The most bytes of all files of a request together. A file that would exceed it is left out.
MAX_FILES = 4 << 20
#: The most bytes of a request that are read. A request with files that are too large is read up to here, because a
#: browser shows the answer only after it has sent everything.
MAX_READ = 64 << 20


class BoundedUpload(FileUploadHandler):
    """Django's handler for uploaded files: it holds them in memory, at most MAX_FILES bytes for a request."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._read = 0
        self._kept = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a new file. Django calls this before the file's first chunk."""
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """Keep a chunk of the file; drop it if there is no room. Raises StopUpload after MAX_READ bytes."""
        self._read += len(raw_data)
        if self._read > MAX_READ:
            raise StopUpload(connection_reset=True)
        if self._read <= MAX_FILES:
            self._kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """Return the whole file; None if there was no room for all of it."""
        if self._read > MAX_FILES:
            return None
        self._kept.seek(0)
        return InMemoryUploadedFile(
            self._kept, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
