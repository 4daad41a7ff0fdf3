"""Uploads: the files of a form -> memory, up to a limit. Nothing that strangers send comes onto the disk."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

#: The files of a request have at most this many bytes together. One that would be larger is left out.
MAX_FILES = 4 << 20
#: After this many bytes the request is no longer read. Until then it is, because a browser shows no answer before it
#: has sent everything.
MAX_READ = 64 << 20


class BoundedUpload(FileUploadHandler):
    """Keeps files in memory."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._read = 0
        self._kept = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """Keep a part of a file, if there is room for it. Raises StopUpload."""
        self._read += len(raw_data)
        if self._read > MAX_READ:
            raise StopUpload(connection_reset=True)
        if self._read <= MAX_FILES:
            self._kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """The file; None if it is left out."""
        if self._read > MAX_FILES:
            return None
        self._kept.seek(0)
        return InMemoryUploadedFile(
            self._kept, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
