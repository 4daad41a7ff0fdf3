"""Port: the interface of the archive, which stores all raw hits for good, and what every archive guarantees."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from tracker.collection.failure import Permanent, Transient
from tracker.collection.hit import Batch, Hit

#: The last instant that a batch id can name.
LATEST = 10**13 - 1


class ArchiveUnavailable(Transient):
    """The archive is away, or refused a call. A later try may succeed."""


class NotArchived(Permanent):
    """The archive has no object with this key, or no object with this batch."""


class Wanted(NamedTuple):
    """The hits to look for in an object: those of a site with `since` <= `at` < `until` (ms)."""

    site: str
    since: int
    until: int


class Piece(NamedTuple):
    """A part of an object that is read with one call: a block of a merged object, or a small object as a whole
    (`length` 0).

    `batches`: the number of batches in the whole object if this is its last piece, otherwise 0. A merged object without
    wanted hits has one piece, which is empty.
    """

    key: str
    offset: int = 0
    length: int = 0
    batches: int = 1


class Archive(Protocol):
    """The archive of all raw hits. At first each batch is an object of its own; later the objects of an hour are
    merged.

    When `put` returns, the batch is durable. A second `put` of a batch writes the same bytes under the same key. No hit
    is ever deleted or changed: an object is deleted only after its hits are durable in another one. If a listed object
    is gone, list again; the object with its hits is at the same position or later. Every method may raise
    ArchiveUnavailable. If `put` raises it, the object was stored as a whole or not at all.
    """

    def put(self, batch: Batch) -> str:
        """Store a batch. Return the key of its object. An empty batch (a marker) is not stored."""

    def get(self, key: str) -> list[Hit]:
        """Read the hits of the object with this key. Raises NotArchived, or BadBatch if it is damaged."""

    def get_batch(self, batch: str) -> Sequence[Hit]:
        """Read the hits of a batch (by id), wherever they are now. Raises NotArchived or BadBatch.

        If several batches had byte-equal copies of a hit, a merge leaves the hit in only one of them.
        """

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List, in order of time, the keys of the objects that may have batches made at `since` <= ms < `until`.

        The list begins after the position `after`; `tracker.archive.keys.place` gives the position of an object.
        """

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """List the pieces of an object that may have wanted hits, for `fetch`. Raises NotArchived or BadBatch."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a piece, grouped by batch. Raises NotArchived or BadBatch."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Store a snapshot of the configuration as of `made_at` (ms). Return its key. `nonce`: a random text for the
        key."""

    def get_snapshot(self, key: str) -> bytes:
        """Read a snapshot of the configuration. Raises NotArchived, or BadBatch if it is damaged."""

    def list_snapshots(self) -> Iterator[str]:
        """List the keys of all snapshots of the configuration, in order of time."""

    def prepare(self) -> None:
        """Make the archive's folder or bucket if it is missing."""

    def check(self) -> None:
        """Check quickly that the archive works. Raises ArchiveUnavailable if it doesn't."""


@contextmanager
def errors_as_unavailable(errors: type[Exception] | tuple[type[Exception], ...], what: str) -> Iterator[None]:
    """Context manager that turns these errors into ArchiveUnavailable. `what`: the name of the service for the
    message."""
    try:
        yield
    except errors as error:
        raise ArchiveUnavailable(f"{what}: {error}") from error
