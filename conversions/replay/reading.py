"""Reading: the archive's objects in their order -> the wanted hits of each piece, fetched ahead.

Merged objects and objects of one batch are read in the same way, even while they are being merged.
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

#: A hit may be received 90 days after it happened, and be archived in a batch that is made up to a day later.
BEHIND_MS = 91 * 86_400_000


class ReplayArchive(Protocol):
    """The part of the archive that a replay reads; see `tracker.archive.Archive`."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """List the keys of the objects that may have batches made in an interval (ms), after a position, in their
        order."""

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """List the pieces of an object that may have wanted hits. Raises Permanent."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """Read the hits of a piece, by their batches. Raises Permanent if it is damaged or missing."""


class Read(NamedTuple):
    """A piece that was read. `batches` is None if it is damaged or missing.

    `reached`: where to go on. It is the object's key; while the object isn't finished, `#` and an offset follow.
    `held`: if the object is finished, the number of its batches; otherwise 0.
    """

    reached: str
    batches: Sequence[Batch] | None
    held: int

    @property
    def is_last(self) -> bool:
        """Whether the object is finished."""
        return "#" not in self.reached


class ReadStep(NamedTuple):
    """A piece to fetch, and whether it is the last one of its object; or the error because of which the object has no
    pieces."""

    piece: Piece
    is_last: bool
    error: Permanent | None = None


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """The interval (ms) in which batches that may have hits of these ranges were made."""
    since = min(one.since for one in ranges)
    until = max(one.until for one in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def list_keys(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[str]:
    """List the objects that are still to be read; see `Read.reached`."""
    key, _, part = reached.partition("#")
    return archive.list(*object_range(ranges), place_before(key) if part else place(key))


def read_hits(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[Read]:
    """Read every piece that may have hits of the ranges, with only these hits.

    An object may be merged, and deleted, after it was listed. The list is then made again from its position on, and has
    the merged object. If the object is missing from the archive once more, it is left out.
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
                yield Read(_reached(one), batches, one.piece.batches)
            reached = _reached(one)
        else:
            return


def _chosen(batch: Batch, by_site: dict[str, Range]) -> Batch:
    return Batch(batch.id, tuple(hit for hit in batch.hits if hit.site in by_site and hit.at in by_site[hit.site]))


def _left_out(one: ReadStep, error: Permanent) -> Read:
    logger.error("the archive's object %s is left out: %s", one.piece.key, error)
    return Read(_reached(one), None, one.piece.batches)


def _reached(one: ReadStep) -> str:
    return one.piece.key if one.is_last else f"{one.piece.key}#{one.piece.offset + one.piece.length}"


def _fetch(archive: ReplayArchive, one: ReadStep) -> Sequence[Batch]:
    if one.error:
        raise one.error
    return archive.fetch(one.piece)


def _steps(archive: ReplayArchive, ranges: Sequence[Range], reached: str) -> Iterator[ReadStep]:
    """List every piece from a position on."""
    wanted = [Wanted(one.site, one.since, one.until) for one in ranges]
    done, _, part = reached.partition("#")
    for key in list_keys(archive, ranges, reached):
        try:
            pieces = archive.pieces(key, wanted)
        except Permanent as error:
            yield ReadStep(Piece(key), True, error)
            continue
        start = int(part) if part and key == done else 0
        for number, piece in enumerate(pieces, 1):
            if piece.offset >= start or number == len(pieces):
                yield ReadStep(piece, number == len(pieces))
