"""Upload: a file that somebody sends -> the same file, if it is small enough to be read while they wait. Pure."""

from io import BytesIO

from conversions.spend.reader import Reading, SpendFile
from conversions.spend.text import text_of
from tracker.collection.refusal import Refusal

#: What is sent has at most this many bytes.
MAX_BODY = 4 << 20
#: A file that is sent has at most this many lines.
MAX_UPLOADED_LINES = 50_000


def too_large(most: str) -> Refusal:
    """The refusal of what is larger than it may be."""
    return Refusal(413, "too_large", f"More than {most}. Send parts of whole days, or use manage.py import_spend.")


def read_upload(body: bytes, reading: Reading) -> SpendFile:
    """Read a file that was sent. Raises Refusal."""
    if len(body) > MAX_BODY:
        raise too_large(f"{MAX_BODY} bytes")
    if max(body.count(b"\n"), body.count(b"\r")) > MAX_UPLOADED_LINES:
        raise too_large(f"{MAX_UPLOADED_LINES} lines")
    return SpendFile(text_of(lambda: BytesIO(body)), reading)
