"""Port: the interface of the archive, which stores raw hits for good, and what it guarantees."""

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
    """The archive has no such object."""


class Wanted(NamedTuple):
    """The wanted hits of a site: those with `since` <= `at` < `until` (ms)."""

    site: str
    since: int
    until: int


class Piece(NamedTuple):
    """A part of an object that is read with one call: a block of a merged object, or a whole small object (`length` 0).

    `batches` is the object's number of batches in the object's last piece, and 0 in the others. A merged object without
    wanted blocks gives one piece without hits.
    """

    key: str
    offset: int = 0
    length: int = 0
    batches: int = 1


class Archive(Protocol):
    """The archive of raw hits. Each batch is one object at first; later the objects of an hour are merged.

    When `put` returns, the batch is durable. Another `put` of it writes the same bytes under the same key. No hit is
    ever deleted or changed: an object is deleted only when a durable object has all its hits. If a listed object is
    gone, the reader lists again, and finds the object that replaced it at the same position or later. Every method may
    raise ArchiveUnavailable. A `put` that raises it has stored the whole object or nothing.
    """

    def put(self, batch: Batch) -> str:
        """Store a batch; return its key. An empty batch (a marker) is not stored."""

    def get(self, key: str) -> list[Hit]:
        """Read the hits of the object with this key. Raises NotArchived, or BadBatch if it is damaged."""

    def get_batch(self, batch: str) -> Sequence[Hit]:
        """Read the hits of a batch from the object that has them now. Raises NotArchived or BadBatch.

        If a merge found byte-equal copies of a hit in several batches, only one of these batches still has it.
        """

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List in order of time the keys of the objects that may have batches made at `since` <= ms < `until`.

        Only objects after the position `after` are listed. `tracker.archive.keys.place` gives the position of a key.
        """

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """List the parts of an object that may have wanted hits, to be read with `fetch`. Raises NotArchived or
        BadBatch."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a part of an object, grouped by batch. Raises NotArchived or BadBatch."""

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """Store a snapshot of the configuration as of `made_at` (ms); return its key."""

    def get_snapshot(self, key: str) -> bytes:
        """Read a snapshot of the configuration. Raises NotArchived, or BadBatch if it is damaged."""

    def list_snapshots(self) -> Iterator[str]:
        """List the keys of all snapshots of the configuration, in order of time."""

    def prepare(self) -> None:
        """Make the folder or bucket if it is missing. Safe to repeat."""

    def check(self) -> None:
        """Return quickly if the archive works. Raises ArchiveUnavailable if it doesn't."""


@contextmanager
def errors_as_unavailable(errors: type[Exception] | tuple[type[Exception], ...], what: str) -> Iterator[None]:
    """Raise ArchiveUnavailable instead of these errors. `what` names the service in its message."""
    try:
        yield
    except errors as error:
        raise ArchiveUnavailable(f"{what}: {error}") from error
