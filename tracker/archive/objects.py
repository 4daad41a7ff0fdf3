"""Objects: packs a batch as gzipped JSON lines, and a snapshot of the configuration as gzip; and unpacks them."""

import gzip
import zlib

from tracker.collection.hit import BadBatch, Batch, Hit, decode_hits, encode_hits


def pack_snapshot(body: bytes) -> bytes:
    """Compress a snapshot of the configuration."""
    return gzip.compress(body, mtime=0)


def unpack_snapshot(key: str, body: bytes) -> bytes:
    """Decompress a snapshot of the configuration. Raises BadBatch."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"{key} is damaged: {error}") from error


def pack(batch: Batch) -> bytes:
    """Make the object of a batch: gzipped JSON lines. The same batch always gives the same bytes."""
    return gzip.compress(encode_hits(batch.hits), compresslevel=4, mtime=0)


def unpack(body: bytes) -> list[Hit]:
    """Read the hits of a small object. Raises BadBatch."""
    return decode_hits(b"\n".join(lines_of(body)))


def lines_of(body: bytes) -> list[bytes]:
    """Return the JSON lines of a small object, one for each hit. Raises BadBatch, also for an empty object, because its
    hits are lost."""
    try:
        lines = [line for line in gzip.decompress(body).splitlines() if line]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"not an archive object: {error}") from error
    if not lines:
        raise BadBatch("not an archive object: it is empty")
    return lines
