"""Objects: converts a batch to the bytes of its object (gzipped JSON lines) and back, and a snapshot of the
configuration to gzip and back."""

import gzip
import zlib

from tracker.collection.hit import BadBatch, Batch, Hit, decode_hits, encode_hits


def pack_snapshot(body: bytes) -> bytes:
    """Compress a snapshot of the configuration."""
    return gzip.compress(body, mtime=0)


def unpack_snapshot(key: str, body: bytes) -> bytes:
    """Decompress a snapshot of the configuration. `key`: the snapshot's key, for the error. Raises BadBatch."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"{key} is damaged: {error}") from error


def pack(batch: Batch) -> bytes:
    """Convert the hits of a batch to the bytes of its object: gzipped JSON lines. The same batch always gives the same
    bytes."""
    return gzip.compress(encode_hits(batch.hits), compresslevel=4, mtime=0)


def unpack(body: bytes) -> list[Hit]:
    """Read the hits in the bytes of a small object. Raises BadBatch."""
    return decode_hits(b"\n".join(lines_of(body)))


def lines_of(body: bytes) -> list[bytes]:
    """Return the JSON lines in the bytes of a small object, one for each hit. Raises BadBatch. An object without a line
    is damaged as well, because its hits are lost."""
    try:
        lines = [line for line in gzip.decompress(body).splitlines() if line]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"not an archive object: {error}") from error
    if not lines:
        raise BadBatch("not an archive object: it is empty")
    return lines
