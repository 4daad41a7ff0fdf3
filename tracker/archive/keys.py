"""Keys: makes and reads the keys of archived objects, of which there are three kinds: batches, merged objects, and
snapshots of the configuration. `place` gives the position of an object in the order of time."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tracker.archive.port import LATEST
from tracker.collection.hit import BadBatch, batch_id

BATCH_ID = re.compile(r"\d{13}-[A-Za-z0-9]{1,64}")
HOUR_MS = 3_600_000
SUFFIX = ".jsonl.gz"
MERGED, MERGED_SUFFIX = "merged/", ".jsonl.zst"
SNAPSHOTS, SNAPSHOT_SUFFIX = "configuration/", ".json.gz"


def archive_key(batch_id: str) -> str:
    """Return the key of a batch's own object: `YYYY/MM/DD/HH/<batch id>.jsonl.gz`, by the time in the batch id (UTC).
    Raises BadBatch if the text is no batch id."""
    if not BATCH_ID.fullmatch(batch_id):
        raise BadBatch(f"{batch_id[:80]!r} is no batch id")
    made_at = datetime.fromtimestamp(int(batch_id[:13]) / 1000, UTC)
    return f"{made_at:%Y/%m/%d/%H}/{batch_id}{SUFFIX}"


def merged_key(last: str, digest: str) -> str:
    """Return the key of a merged object: `merged/YYYY/MM/DD/HH/<batch id>.<digest>.jsonl.zst`. `last` is the id of its
    last batch, `digest` the digest of its content."""
    return f"{MERGED}{archive_key(last).removesuffix(SUFFIX)}.{digest}{MERGED_SUFFIX}"


def snapshot_key(made_at: int, nonce: str) -> str:
    """Return the key of a snapshot of the configuration: `configuration/YYYY/MM/DD/HH/<ms>-<nonce>.json.gz`."""
    return f"{SNAPSHOTS}{archive_key(batch_id(made_at, nonce)).removesuffix(SUFFIX)}{SNAPSHOT_SUFFIX}"


def is_merged(key: str) -> bool:
    """Whether a key is the key of a merged object."""
    return key.startswith(MERGED)


def place(key: str) -> str:
    """Return the position of an object in the order of time, by its key. Positions are texts that sort in this order. A
    merged object comes just before its last batch."""
    return key.removeprefix(MERGED)


def hour_of(key: str) -> str:
    """Return the hour in an object's key as the text `YYYY/MM/DD/HH`."""
    return place(key).rpartition("/")[0]


def batch_of(key: str) -> str:
    """Return the batch id in an object's key. In the key of a merged object, it is the id of the last batch."""
    return key.rpartition("/")[2].partition(".")[0]


def place_before(key: str) -> str:
    """Return a position just before every object whose key has the same batch id as this key."""
    return f"{hour_of(key)}/{batch_of(key)}"


def first_key(made_at: int) -> str:
    """Return a position before all objects with batches that were made at this instant (ms) or later."""
    return archive_key(f"{min(max(made_at, 0), LATEST):013d}-0").removesuffix(f"0{SUFFIX}")


def hour_start(made_at: int) -> int:
    """Return the instant (ms) at which the hour of an instant (ms) starts, in UTC."""
    return made_at - made_at % HOUR_MS


def between(keys: Iterable[str], since: int, until: int, after: str) -> Iterator[str]:
    """Select, from sorted keys, the keys of objects that may have batches made at `since` <= ms < `until`. Objects up
    to the position `after` are left out.

    A merged object may have any batch of its hour up to the one in its key. Keys that are not of batches are left out.
    """
    for key in keys:
        made_at, suffix = batch_of(key)[:13], MERGED_SUFFIX if is_merged(key) else SUFFIX
        if not key.endswith(suffix) or not made_at.isdigit() or place(key) <= after or int(made_at) < since:
            continue
        if (hour_start(int(made_at)) if is_merged(key) else int(made_at)) >= until:
            return
        yield key
