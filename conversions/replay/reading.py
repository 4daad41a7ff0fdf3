"""Reading: the archive's objects in their order -> the wanted hits of each piece, fetched ahead.

Merged objects and those of one batch are read alike, also while they are being merged.
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
    """What a replay needs of the archive; see `tracker.archive.Archive`."""

    def list(self, since: int, until: int, after: str = "") -> Iterator[str]:
        """The keys of the objects that may hold batches made in an interval (ms), after a place, in their order."""

    def pieces(self, key: str, wanted: Iterable[Wanted]) -> Sequence[Piece]:
        """The pieces of an object that may hold wanted hits. Raises Permanent."""

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        """The hits of a piece, by their batches. Raises Permanent: it is damaged, or not there."""


class Read(NamedTuple):
    """A piece that was read; `batches` are None if it is damaged or gone.

    `reached` is where to go on: the object's key, and `#` and an offset while it isn't read through. `held`: the
    batches of an object that is read through, else 0.
    """

    reached: str
    batches: Sequence[Batch] | None
    held: int

    @property
    def is_last(self) -> bool:
        """Whether the object is read through."""
        return "#" not in self.reached


class ReadStep(NamedTuple):
    """A piece to fetch, and whether it is its object's last; or the error for which the object has no pieces."""

    piece: Piece
    is_last: bool
    error: Permanent | None = None


def object_range(ranges: Sequence[Range]) -> tuple[int, int]:
    """The interval (ms) in which batches that may hold hits of these ranges were made."""
    since = min(one.since for one in ranges)
    until = max(one.until for one in ranges)
    return max(since - AHEAD_MS, 0), until if until >= FOR_EVER else until + BEHIND_MS + AHEAD_MS


def list_keys(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[str]:
    """The objects that are still to be read; see `Read.reached`."""
    key, _, part = reached.partition("#")
    return archive.list(*object_range(ranges), place_before(key) if part else place(key))


def read_hits(archive: ReplayArchive, ranges: Sequence[Range], reached: str = "") -> Iterator[Read]:
    """Every piece that may hold hits of the ranges, with only these hits.

    An object may be merged after it was listed. Then the list is made again from there: it has the merged object.
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
    """Every piece from a place on."""
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
