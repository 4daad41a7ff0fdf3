"""Packed: a file that was previewed <-> the text in which the page's form sends it once more. Pure.

The server keeps nothing between the preview and the import.
"""

import zlib
from base64 import b64decode, b64encode

from conversions.spend.upload import MAX_BODY
from tracker.collection.refusal import Refusal

#: The text has at most this many characters, because a form's fields are bounded.
MAX_TEXT = 900_000


def pack(body: bytes) -> str:
    """Write a file as text; empty if it would be too long."""
    text = b64encode(zlib.compress(body, 6)).decode()
    return text if len(text) <= MAX_TEXT else ""


def unpack(text: str) -> bytes:
    """Read a file from its text. Raises Refusal."""
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(b64decode(text, validate=True), MAX_BODY + 1)
    except (ValueError, zlib.error) as error:
        raise damaged() from error
    if not unpacking.eof:
        raise damaged()
    return body


def damaged() -> Refusal:
    """The refusal of a text that holds no whole file."""
    return Refusal(400, "invalid", "The file of the preview is damaged; choose it again.", "file")
