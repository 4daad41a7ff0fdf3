"""Port: the Archive, which keeps raw hits for good, with the guarantees for its readers and writers."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from tracker.collection.failure import Permanent, Transient
from tracker.collection.hit import Batch, Hit

#: The last instant that a batch id can name.
LATEST = 10**13 - 1


class ArchiveUnavailable(Transient):
    """The archive can't be reached or refused a call. A later try may succeed."""


class NotArchived(Permanent):
    """The archive has no such object."""


class Wanted(NamedTuple):
    """The hits of a site with `since` <= `at` < `until` (ms)."""

    site: str
    since: int
    until: int


class Piece(NamedTuple):
    """A part of an object that is read at once: a block of a merged object, or a whole small object, which has no
    length.

    The last piece of an object has the number of the object's batches, the others have 0. A merged object without
    wanted blocks is one piece without hits.
    """

    key: str
    offset: int = 0
    length: int = 0
    batches: int = 1


class Archive(Protocol):
    """The archive of raw hits: one object for each batch, and later merged objects, each of many batches of one hour.

    A put is durable when it returns. A repeated put writes the same bytes under the same key. No hit is ever deleted or
    changed: an object is deleted only after another object that contains all its hits is durable. If a listed object is
    gone, the reader lists again, and finds the object that replaced it at the same position or later. Every method may
    raise ArchiveUnavailable. A put that raises it has stored its object whole or not at all.
    """

    def put(self, batch: Batch) -> str:
        """Store a batch; return its key. A marker, which is an empty batch, is not stored."""

    def get(self, key: str) -> list[Hit]:
        """Read the hits of an object. Raises NotArchived, or BadBatch if it is damaged."""

    def get_batch(self, batch: str) -> Sequence[Hit]:
        """Read the hits of a batch from the object that contains them now. Raises NotArchived or BadBatch.

        If a merge found equal copies of a hit in several batches, only one of these batches still has the hit.
        """

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List the keys of the objects that may have batches made at `since` <= ms < `until`, in order of time.

        Only objects after the position `after` are listed. `tracker.archive.keys.place` gives the position of a key.
        """

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """List the pieces of an object that may have wanted hits. Raises NotArchived or BadBatch."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a piece, by the batches that they came in. Raises NotArchived or BadBatch."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Store a snapshot of the configuration that was made at an instant (ms); return its key."""

    def get_snapshot(self, key: str) -> bytes:
        """Read the body of a snapshot. Raises NotArchived, or BadBatch if it is damaged."""

    def list_snapshots(self) -> Iterator[str]:
        """List the keys of all snapshots, in order of time."""

    def prepare(self) -> None:
        """Make the folder or bucket if it is missing. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the archive works. Raises ArchiveUnavailable if not."""


@contextmanager
def errors_as_unavailable(errors: type[Exception] | tuple[type[Exception], ...], what: str) -> Iterator[None]:
    """Turn errors of a service into ArchiveUnavailable."""
    try:
        yield
    except errors as error:
        raise ArchiveUnavailable(f"{what}: {error}") from error
