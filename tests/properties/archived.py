"""Archived: puts batches into an archive on which two mergers work and die, and returns the batches that a replay reads
from it."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from conversions.marks.ranges import Range
from conversions.replay.reading import read_hits
from conversions.units.clock import FOR_EVER
from tests.properties.interleave import Actor, Stepped
from tests.properties.scenario import HOUR
from tracker.archive import ObjectArchive, merger
from tracker.archive.folder import FolderArchive
from tracker.archive.merger import Merger
from tracker.collection.hit import Batch, Hit, batch_id, encode_hits

#: The hour (ms) in which the batches are made, and an instant at which it is over.
MADE, OVER = 500_000 * HOUR, 500_002 * HOUR
#: A limit of an object's hits that is so large that no world fills half of an object.
LARGE = 10_000


class Mergers:
    """Two mergers that work on an archive one step at a time. Some of them die at some steps."""

    def __init__(self, rng: random.Random, archive: ObjectArchive) -> None:
        stepped: Any = Stepped(archive, ("delete",))
        self._rng = rng
        self._mortal = rng.choice([0.0, 0.1, 0.3])
        self._actors = [Actor(lambda: any(Merger(stepped).merge(OVER))) for _ in range(2)]

    def work(self, most: int) -> None:
        """Do some steps, `most` at the most."""
        for _ in range(self._rng.randrange(most + 1)):
            actor = self._rng.choice(self._actors)
            if self._rng.random() < self._mortal:
                actor.die()
            else:
                actor.step()

    def end(self) -> None:
        """Let both mergers die."""
        for actor in self._actors:
            actor.die()


def through_archive(rng: random.Random, site: str, batches: Iterable[Sequence[Hit]]) -> list[list[Hit]]:
    """Put a site's batches into an archive, some of them twice, while mergers work on it. Return the batches of a
    replay. Checks that they have the same hits."""
    put = [Batch(batch_id(MADE + n, f"{n:x}"), tuple(hits)) for n, hits in enumerate(batches)]
    read: list[Batch] = []
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # In the product an object takes a hundred thousand hits.
        patch.setattr(merger, "MOST_HITS", rng.choice([4, 12, LARGE]))
        archive = FolderArchive(Path(folder))
        mergers = Mergers(rng, archive)
        for batch in twice(rng, put):
            archive.put(batch)
            mergers.work(6)
        mergers.work(60)
        if rng.random() < 0.3:
            merge_all(archive)
        for piece in read_hits(archive, [Range(site, 0, FOR_EVER)]):
            assert piece.batches is not None
            read.extend(piece.batches)
            mergers.work(3)
        mergers.end()
    assert contents(read) == contents(put)
    return [list(batch.hits) for batch in read if batch.hits]


def twice(rng: random.Random, batches: Sequence[Batch]) -> list[Batch]:
    """Return the batches in random order, some of them twice, as the queue delivers them."""
    again = rng.choice([0.0, 0.3])
    sent = [*batches, *(batch for batch in batches if rng.random() < again)]
    rng.shuffle(sent)
    return sent


def merge_all(archive: ObjectArchive) -> None:
    """Merge until nothing is left to merge. Checks that each hit is then in one object, if an object has room for
    all."""
    while any(Merger(archive).merge(OVER)):
        pass
    assert not list(archive.list_small())
    if merger.MOST_HITS == LARGE:
        lines = [row.line for key in archive.list() for row in archive.read_object(key)[1]]
        assert len(lines) == len(set(lines))


def contents(batches: Iterable[Batch]) -> set[bytes]:
    """Return the distinct hits of batches, byte by byte."""
    return {line for batch in batches for line in encode_hits(batch.hits).splitlines()}
