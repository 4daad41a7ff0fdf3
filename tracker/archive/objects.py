"""Objects: a batch <-> its body, gzipped JSON lines; and a snapshot <-> its body."""

import gzip
import zlib

from tracker.collection.hit import BadBatch, Batch, Hit, decode_hits, encode_hits


def pack_snapshot(body: bytes) -> bytes:
    """Make the object of a snapshot."""
    return gzip.compress(body, mtime=0)


def unpack_snapshot(key: str, body: bytes) -> bytes:
    """Read the body of a snapshot from its object. Raises BadBatch."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"{key} is damaged: {error}") from error


def pack(batch: Batch) -> bytes:
    """Make the object of a batch. It has the same bytes each time."""
    return gzip.compress(encode_hits(batch.hits), compresslevel=4, mtime=0)


def unpack(body: bytes) -> list[Hit]:
    """Read the hits of an object. Raises BadBatch."""
    return decode_hits(b"\n".join(lines_of(body)))


def lines_of(body: bytes) -> list[bytes]:
    """Read the JSON of each hit of an object. Raises BadBatch, also if the object is empty: its hits are then lost."""
    try:
        lines = [line for line in gzip.decompress(body).splitlines() if line]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"not an archive object: {error}") from error
    if not lines:
        raise BadBatch("not an archive object: it is empty")
    return lines
