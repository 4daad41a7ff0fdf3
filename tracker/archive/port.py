"""Port: the Archive, which keeps raw hits for good, with the guarantees for its readers and writers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tracker.collection.failure import Permanent, Transient
from tracker.collection.hit import Batch, Hit

#: The last instant that a batch id can name.
LATEST = 10**13 - 1


class ArchiveUnavailable(Transient):
    """The archive can't be reached or refused a call. A later try may succeed."""


class NotArchived(Permanent):
    """The archive has no such object."""


class Archive(Protocol):
    """The archive of raw hits, one object for each batch.

    A put is durable when it returns. A repeated put writes the same bytes under the same key. Nothing is ever deleted
    or changed. Every method may raise ArchiveUnavailable; the object is then stored whole or not at all.
    """

    def put(self, batch: Batch) -> str:
        """Store a batch; return its key. A marker, which is an empty batch, is not stored."""

    def get(self, key: str) -> list[Hit]:
        """Read the hits of an object. Raises NotArchived, or BadBatch if it is damaged."""

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """List the keys of the batches made at `since` <= ms < `until` that come after the key `after`, in order of
        time."""

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
