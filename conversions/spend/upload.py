"""Upload: reads a file that was sent in a request. A file that can't be read while the sender waits is refused as too
large. Pure."""

from io import BytesIO

from conversions.spend.reader import Reading, SpendFile
from conversions.spend.text import text_of
from tracker.collection.refusal import Refusal

#: The largest body of a request, in bytes.
MAX_BODY = 4 << 20
#: The most lines of a file that is sent.
MAX_UPLOADED_LINES = 50_000


def too_large(most: str) -> Refusal:
    """Make the refusal of a file or a body that is too large. `most`: the limit in words."""
    return Refusal(413, "too_large", f"More than {most}. Send parts of whole days, or use manage.py import_spend.")


def read_upload(body: bytes, reading: Reading) -> SpendFile:
    """Make the SpendFile of a file that was sent in a request. Raises Refusal if the file is too large, BadSpend if its
    form is unknown."""
    if len(body) > MAX_BODY:
        raise too_large(f"{MAX_BODY >> 20} MiB")
    if max(body.count(b"\n"), body.count(b"\r")) > MAX_UPLOADED_LINES:
        raise too_large(f"{MAX_UPLOADED_LINES:,} lines")
    return SpendFile(text_of(lambda: BytesIO(body)), reading)
