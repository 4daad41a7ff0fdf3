"""Packed: writes a file as text for a hidden field of a form. The preview's page sends the file again in this field.
Pure.

The server stores nothing between the preview and the import.
"""

import zlib
from base64 import b64decode, b64encode

from conversions.spend.upload import MAX_BODY
from tracker.collection.refusal import Refusal

#: The longest text, in characters. Django limits the size of a form's fields.
MAX_TEXT = 900_000


def pack(body: bytes) -> str:
    """Write the bytes of a file as text for a hidden field. Empty if the text would be too long."""
    text = b64encode(zlib.compress(body, 6)).decode()
    return text if len(text) <= MAX_TEXT else ""


def unpack(text: str) -> bytes:
    """Return the bytes of the file that `pack` wrote as text. Raises Refusal if the text is damaged."""
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(b64decode(text, validate=True), MAX_BODY + 1)
    except (ValueError, zlib.error) as error:
        raise damaged() from error
    if not unpacking.eof:
        raise damaged()
    return body


def damaged() -> Refusal:
    """Make the refusal for a text that `unpack` can't read."""
    return Refusal(400, "invalid", "The file of the preview is damaged; choose it again.", "file")
