"""Objects: a batch -> its key, derived from its id, and its body, gzipped JSON lines; and a body -> its hits."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tracker.archive.port import LATEST
from tracker.collection.hit import BadBatch, Batch, Hit, batch_id, decode_hits, encode_hits

BATCH_ID = re.compile(r"\d{13}-[A-Za-z0-9]{1,64}")
SUFFIX = ".jsonl.gz"
SNAPSHOTS, SNAPSHOT_SUFFIX = "configuration/", ".json.gz"


def archive_key(batch_id: str) -> str:
    """Make the key `YYYY/MM/DD/HH/<batch id>.jsonl.gz`, by the time of the batch (UTC). Raises BadBatch if the text is
    no batch id."""
    if not BATCH_ID.fullmatch(batch_id):
        raise BadBatch(f"{batch_id[:80]!r} is no batch id")
    made_at = datetime.fromtimestamp(int(batch_id[:13]) / 1000, UTC)
    return f"{made_at:%Y/%m/%d/%H}/{batch_id}{SUFFIX}"


def snapshot_key(made_at: int, nonce: str) -> str:
    """Make the key `configuration/YYYY/MM/DD/HH/<ms>-<nonce>.json.gz`. No batch's key begins with `configuration`."""
    return f"{SNAPSHOTS}{archive_key(batch_id(made_at, nonce)).removesuffix(SUFFIX)}{SNAPSHOT_SUFFIX}"


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
    """Read the hits of an object. Raises BadBatch, also if the object is empty: its hits are then lost."""
    try:
        hits = decode_hits(gzip.decompress(body))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadBatch(f"not an archive object: {error}") from error
    if not hits:
        raise BadBatch("not an archive object: it is empty")
    return hits


def first_key(made_at: int) -> str:
    """A key that sorts before the key of every batch made at that instant or later."""
    return archive_key(f"{min(max(made_at, 0), LATEST):013d}-0").removesuffix(f"0{SUFFIX}")


def between(keys: Iterable[str], since: int, until: int, after: str) -> Iterator[str]:
    """Of sorted keys, those of batches that were made in a range of time and come after a key. Keys of other objects
    are left out."""
    for key in keys:
        made_at = key.rpartition("/")[2][:13]
        if not key.endswith(SUFFIX) or not made_at.isdigit() or key <= after or int(made_at) < since:
            continue
        if int(made_at) >= until:
            return
        yield key
