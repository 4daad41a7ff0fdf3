"""Archive: the base class of the archive in a folder and of the archive in S3. It knows what objects contain; its
subclasses read and write the bytes."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from heapq import merge

from tracker.archive.keys import (
    HOUR_MS,
    MERGED,
    SNAPSHOT_SUFFIX,
    SNAPSHOTS,
    archive_key,
    batch_of,
    between,
    first_key,
    hour_start,
    is_merged,
    place,
    snapshot_key,
)
from tracker.archive.merged import (
    TAIL_BYTES,
    Block,
    Index,
    Row,
    index_length,
    read_row,
    unpack_block,
    unpack_index,
    unpack_rows,
)
from tracker.archive.objects import lines_of, pack, pack_snapshot, unpack, unpack_snapshot
from tracker.archive.port import LATEST, NotArchived, Piece, Wanted
from tracker.collection.hit import Batch, Hit

#: How often a batch is looked for, because another process may merge its object meanwhile.
TRIES = 3


class ObjectArchive(ABC):
    """An archive of objects with keys. Subclasses implement the methods that read, write, list and delete bytes, and
    raise ArchiveUnavailable if that fails."""

    def put(self, batch: Batch) -> str:
        """Store a batch as an object. Return the object's key. An empty batch is not stored."""
        key = archive_key(batch.id)
        if batch.hits:
            self.write(key, pack(batch))
        return key

    def get(self, key: str) -> list[Hit]:
        """Read all hits of the object with this key. Raises NotArchived or BadBatch."""
        return [hit for piece in self.pieces(key) for batch in self.fetch(piece) for hit in batch.hits]

    def get_batch(self, batch: str) -> Sequence[Hit]:
        """Read the hits of a batch (by id), wherever they are now: in the batch's own object or in a merged object.
        Raises NotArchived or BadBatch."""
        for _ in range(TRIES):
            with suppress(NotArchived):
                return self.get(archive_key(batch))
            with suppress(NotArchived):  # Raised if another process merges a listed object again.
                for key in self.list_hour(batch):
                    if batch in self.read_index(key).batches:
                        return self._hits_of(key, batch)
                break
        raise NotArchived(batch)

    def _hits_of(self, key: str, batch: str) -> Sequence[Hit]:
        held = (one for piece in self.pieces(key) for one in self.fetch(piece))
        return [hit for one in held if one.id == batch for hit in one.hits]

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List the keys of the objects, small and merged, that may have batches made at `since` <= ms < `until`. The
        keys are in order of time. The list begins after the position `after`."""
        return merge(self.list_small(since, until, after), self.list_merged(since, until, after), key=place)

    def list_small(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List the keys of the small objects alone, each of which has one batch. The parameters are those of `list`."""
        return between(self.keys("", max(first_key(since), after)), since, until, after)

    def list_merged(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List the keys of the merged objects alone. The parameters are those of `list`."""
        return between(self.keys(MERGED, MERGED + max(first_key(since), after)), since, until, after)

    def list_hour(self, batch: str) -> Iterator[str]:
        """List the keys of the merged objects of the hour in which a batch (by id) was made."""
        hour = hour_start(int(batch[:13]))
        return self.list_merged(hour, hour + HOUR_MS)

    def pieces(self, key: str, wanted: Iterable[Wanted] | None = None) -> Sequence[Piece]:
        """List the pieces of an object that may have wanted hits. If `wanted` is None, list all its pieces. A piece is
        a block of a merged object, or a small object as a whole. Raises NotArchived or BadBatch."""
        if not is_merged(key):
            return [Piece(key)]
        index = self.read_index(key)
        blocks = index.blocks if wanted is None else choose(index.blocks, wanted)
        pieces = [Piece(key, block.offset, block.length, 0) for block in blocks] or [Piece(key)]
        return [*pieces[:-1], pieces[-1]._replace(batches=len(index.batches))]

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a piece, grouped by batch. Raises NotArchived or BadBatch."""
        if is_merged(piece.key):
            return unpack_block(self.read_part(piece.key, piece.offset, piece.length)) if piece.length else []
        return [Batch(batch_of(piece.key), tuple(unpack(self.read(piece.key))))]

    def read_index(self, key: str) -> Index:
        """Read the index at the end of a merged object. Raises NotArchived or BadBatch."""
        tail = self.read_end(key, TAIL_BYTES)
        length = index_length(tail)
        return unpack_index(tail if length <= len(tail) else self.read_end(key, length))

    def read_object(self, key: str) -> tuple[Sequence[str], Sequence[Row]]:
        """Read a whole object for a merge: the ids of its batches, and its hits as rows. Raises NotArchived or
        BadBatch."""
        body = self.read(key)
        if not is_merged(key):
            batch = batch_of(key)
            return [batch], [read_row(batch, line) for line in lines_of(body)]
        index = unpack_index(body)
        parts = (body[block.offset : block.offset + block.length] for block in index.blocks)
        return index.batches, [row for part in parts for row in unpack_rows(part)]

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Store a snapshot of the configuration. Return its key. `made_at`: ms; `nonce`: a random text for the key."""
        key = snapshot_key(made_at, nonce)
        self.write(key, pack_snapshot(body))
        return key

    def get_snapshot(self, key: str) -> bytes:
        """Read a snapshot of the configuration. Raises NotArchived or BadBatch."""
        return unpack_snapshot(key, self.read(key))

    def list_snapshots(self) -> Iterator[str]:
        """List the keys of all snapshots of the configuration, in order of time."""
        return (key for key in self.keys(SNAPSHOTS, SNAPSHOTS) if key.endswith(SNAPSHOT_SUFFIX))

    @abstractmethod
    def prepare(self) -> None:
        """Make the archive's folder or bucket if it is missing."""

    @abstractmethod
    def check(self) -> None:
        """Check that the archive works. Raises ArchiveUnavailable if it doesn't."""

    @abstractmethod
    def write(self, key: str, body: bytes) -> None:
        """Store bytes durably as the object with this key. An existing object is replaced as a whole."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Read all bytes of the object with this key. Raises NotArchived."""

    @abstractmethod
    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Read `length` bytes of an object from `offset` on. Raises NotArchived."""

    @abstractmethod
    def read_end(self, key: str, length: int) -> bytes:
        """Read an object's last `length` bytes, or all its bytes if it has fewer. Raises NotArchived."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects with these keys. Missing objects are ignored."""

    @abstractmethod
    def keys(self, folder: str, start: str) -> Iterator[str]:
        """List the keys in a folder, sorted; keys up to `start` may be left out. The folder "" means the folders of
        small objects, one for each hour."""


def choose(blocks: Iterable[Block], wanted: Iterable[Wanted]) -> list[Block]:
    """Choose the blocks that may have wanted hits. A block says the site and time of its first and its last hit."""
    spans = sorted(wanted)
    sites = [span.site for span in spans]
    return [
        block
        for block in blocks
        if any(
            (span.site, span.since) <= block.last and (span.site, span.until) > block.first
            for span in spans[bisect_left(sites, block.first[0]) : bisect_left(sites, block.last[0] + "\0")]
        )
    ]
