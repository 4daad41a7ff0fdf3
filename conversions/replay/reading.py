"""Reading: reads the hits of a range from the archive, object by object. The next pieces are fetched in advance.

Small and merged objects are read in the same way, even while small objects are being merged.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from conversions.marks.ranges import Range
from conversions.models import AHEAD_MS
from conversions.units.clock import FOR_EVER
from tracker.archive import NotArchived, Piece, Wanted, ahead, place, place_before
from tracker.collection.failure import Permanent
from tracker.collection.hit import Batch

logger = logging.getLogger(__name__)

#: A hit may arrive up to 90 days after it happened. Its batch may be made a day after the hit arrived.
BEHIND_MS = 91 * 86_400_000


class ReplayArchive(Protocol):
    """The methods of the archive that a replay needs; see `tracker.archive.Archive`."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """List the keys of the objects that may have batches made from `since` to `until` (ms). The keys are in order,
        and only those after the position `after` are listed."""

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """List the pieces of an object that may have hits of these sites and times (`wanted`). Raises Permanent."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a piece, in their batches. Raises Permanent if the piece is damaged or missing."""


class ReadPiece(NamedTuple):
    """A piece of the archive that was read. `batches`: the hits of the piece; None if the piece is damaged or missing.

    `reached`: the position from which reading can continue: the object's key, followed by `#` and an offset if the
    object has more pieces. `finished_batches`: if this is the last piece of its object, the number of the object's
    batches; otherwise 0.
    """

    reached: str
    batches: Sequence[Batch] | None
    finished_batches: int

    @property
    def is_last(self) -> bool:
        """Whether this is the last piece of its object."""
        return "#" not in self.reached


class PieceToRead(NamedTuple):
    """A piece of the archive to read. `is_last`: whether it is the last piece of its object. `error`: why the object
    has no pieces; None if it has some."""

    piece: Piece
    is_last: bool
    error: Permanent | None = None


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """Return the interval (ms) that must be searched for these ranges: every batch with hits of the ranges was made in
    this interval."""
    since = min(one.since for one in ranges)
    until = max(one.until for one in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def list_keys(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[str]:
    """List the keys of the objects that are not yet read. `reached`: how far an earlier attempt has read; see
    `ReadPiece`."""
    key, _, part = reached.partition("#")
    return archive.list(*object_range(ranges), place_before(key) if part else place(key))


def read_hits(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[ReadPiece]:
    """Read all pieces of the archive that may have hits of the ranges. Hits outside the ranges are removed from the
    batches. `reached`: how far an earlier attempt has read; see `ReadPiece`.

    A small object may be merged and deleted after it was listed. Then the objects are listed again from the same
    position, and the new list has the merged object. If the object is missing again, it is reported as missing.
    """
    by_site = {one.site: one for one in ranges}
    missed = ""
    while True:
        for one, fetched in ahead(partial(_fetch, archive), _steps(archive, ranges, reached)):
            try:
                batches = [_chosen(batch, by_site) for batch in fetched.result()]
            except NotArchived as error:
                if missed != one.piece.key:
                    missed = one.piece.key
                    break
                yield _left_out(one, error)
            except Permanent as error:
                yield _left_out(one, error)
            else:
                yield ReadPiece(_reached(one), batches, one.piece.batches)
            reached = _reached(one)
        else:
            return


def _chosen(batch: Batch, by_site: dict[str, Range]) -> Batch:
    return Batch(batch.id, tuple(hit for hit in batch.hits if hit.site in by_site and hit.at in by_site[hit.site]))


def _left_out(one: PieceToRead, error: Permanent) -> ReadPiece:
    logger.error("the archive's object %s is left out: %s", one.piece.key, error)
    return ReadPiece(_reached(one), None, one.piece.batches)


def _reached(one: PieceToRead) -> str:
    return one.piece.key if one.is_last else f"{one.piece.key}#{one.piece.offset + one.piece.length}"


def _fetch(archive: ReplayArchive, one: PieceToRead) -> Sequence[Batch]:
    if one.error:
        raise one.error
    return archive.fetch(one.piece)


def _steps(archive: ReplayArchive, ranges: Sequence[Range], reached: str) -> Iterator[PieceToRead]:
    """List all pieces to read, from the position `reached` on."""
    wanted = [Wanted(one.site, one.since, one.until) for one in ranges]
    done, _, part = reached.partition("#")
    for key in list_keys(archive, ranges, reached):
        try:
            pieces = archive.pieces(key, wanted)
        except Permanent as error:
            yield PieceToRead(Piece(key), True, error)
            continue
        start = int(part) if part and key == done else 0
        for number, piece in enumerate(pieces, 1):
            if piece.offset >= start or number == len(pieces):
                yield PieceToRead(piece, number == len(pieces))
