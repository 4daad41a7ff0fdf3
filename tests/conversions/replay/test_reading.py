"""Reading: a replay reads each hit once, from merged and small objects, even while objects are merged."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from conversions.marks.ranges import Range
from conversions.models import Replay
from conversions.replay.reading import ReadPiece, read_hits
from conversions.replay.replay import continue_replays
from conversions.store.port import Store
from conversions.tasks import replay_processor
from conversions.units.now import now_ms
from tests.shop import DAY, HOUR, MINUTE, NOON, Shop
from tracker.archive import FolderArchive, Merger, Piece, Wanted, archive_key, merged
from tracker.collection.hit import Batch, Hit, batch_id

LATER = NOON + 2 * HOUR
NOON_HOUR = Range("s", NOON, NOON + HOUR)


def hit(id: str, at: int = 0, site: str = "s") -> Hit:
    return Hit(id=id, site=site, type="page", at=NOON + at, received=NOON + at, visitor="v")


@pytest.fixture
def folder(archive: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> FolderArchive:
    """Six batches with one hit each. When merged, each hit is its own block."""
    monkeypatch.setattr(merged, "BLOCK_BYTES", 1)
    for n in range(6):
        archive.put(Batch(batch_id(NOON + n, f"n{n}"), (hit(f"h{n}", 10 - n),)))
    return archive


def merge(archive: FolderArchive) -> None:
    list(Merger(archive).merge(LATER))


def found(reads: Iterable[ReadPiece]) -> list[tuple[str, str]]:
    """Return batch and id of each hit."""
    return [(batch.id, hit.id) for read in reads for batch in read.batches or () for hit in batch.hits]


ALL = sorted((batch_id(NOON + n, f"n{n}"), f"h{n}") for n in range(6))


def test_merged_and_small_objects_give_the_same_hits_with_their_batches(folder: FolderArchive) -> None:
    assert sorted(found(read_hits(folder, [NOON_HOUR]))) == ALL
    merge(folder)
    reads = list(read_hits(folder, [NOON_HOUR]))
    assert sorted(found(reads)) == ALL
    assert sum(read.finished_batches for read in reads) == 6
    assert [read.is_last for read in reads] == [False] * 5 + [True]


def test_only_blocks_of_the_range_are_fetched(folder: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put(Batch(batch_id(NOON, "other"), (hit("o", 3, "other"),)))
    merge(folder)
    parts = []
    read_part = folder.read_part
    monkeypatch.setattr(folder, "read_part", lambda *part: parts.append(part) or read_part(*part))
    reads = list(read_hits(folder, [Range("s", NOON + 6, NOON + 8)]))
    assert [id for _, id in found(reads)] == ["h4", "h3"]
    assert len(parts) == 2
    reads = list(read_hits(folder, [Range("nobody", NOON, LATER)]))
    assert (len(parts), found(reads), reads[-1].finished_batches) == (2, [], 7)


@pytest.mark.parametrize("stop", range(6))
def test_a_replay_goes_on_within_a_merged_object(folder: FolderArchive, stop: int) -> None:
    merge(folder)
    reads = list(read_hits(folder, [NOON_HOUR]))
    assert found(read_hits(folder, [NOON_HOUR], reads[stop].reached)) == found(reads)[stop + 1 :]


@pytest.mark.parametrize("stop", range(6))
def test_a_replay_goes_on_although_the_object_was_merged_again(folder: FolderArchive, stop: int) -> None:
    merge(folder)
    reads = list(read_hits(folder, [NOON_HOUR]))
    folder.put(Batch(batch_id(NOON + 3, "late"), (hit("late"),)))
    merge(folder)
    rest = found(read_hits(folder, [NOON_HOUR], reads[stop].reached))
    assert set(found(reads)[stop + 1 :]) <= set(rest)


class MergedMeanwhile(FolderArchive):
    """An archive that is merged before the piece number `after` is fetched."""

    def __init__(self, folder: FolderArchive, after: int) -> None:
        super().__init__(folder.folder)
        self.after = after

    def fetch(self, piece: Piece) -> Sequence[Batch]:
        self.after -= 1
        if self.after == -1:
            merge(FolderArchive(self.folder))
        return super().fetch(piece)


@pytest.mark.parametrize("after", range(7))
def test_no_hit_is_missed_if_objects_are_merged_after_they_were_listed(folder: FolderArchive, after: int) -> None:
    reads = list(read_hits(MergedMeanwhile(folder, after), [NOON_HOUR]))
    assert set(found(reads)) == set(ALL)
    assert all(read.batches is not None for read in reads)


def test_merged_objects_that_are_merged_again_meanwhile_are_still_read(folder: FolderArchive) -> None:
    merge(folder)
    late = batch_id(NOON + 7, "late")
    folder.put(Batch(late, (hit("late"),)))
    reads = list(read_hits(MergedMeanwhile(folder, 3), [NOON_HOUR]))
    assert set(found(reads)) == {*ALL, (late, "late")}
    assert all(read.batches is not None for read in reads)


class Lying(FolderArchive):
    """An archive that lists an object that doesn't exist."""

    def list(self, *given: Any, **more: Any) -> Iterator[str]:
        phantom = archive_key(batch_id(NOON + 2, "phantom"))
        after = more.get("after", given[2] if len(given) > 2 else "")
        return iter(sorted([*super().list(*given, **more), *([phantom] if phantom > after else [])]))


def test_a_listed_object_that_does_not_exist_is_left_out_once(folder: FolderArchive) -> None:
    reads = list(read_hits(Lying(folder.folder), [NOON_HOUR]))
    assert sorted(found(reads)) == ALL
    assert [read.reached for read in reads if read.batches is None] == [archive_key(batch_id(NOON + 2, "phantom"))]


def test_a_damaged_block_is_left_out_alone(folder: FolderArchive) -> None:
    merge(folder)
    (key,) = folder.list()
    body = bytearray((folder.folder / key).read_bytes())
    piece = folder.pieces(key, [Wanted("s", 0, LATER)])[2]
    body[piece.offset + 9] ^= 0xFF
    (folder.folder / key).write_bytes(body)
    reads = list(read_hits(folder, [NOON_HOUR]))
    assert [read.batches is None for read in reads] == [False, False, True, False, False, False]
    assert len(found(reads)) == 5


@pytest.mark.django_db
class TestReplayed:
    """Facts and figures from merged objects."""

    def replay(self, shop: Shop, archive: FolderArchive, slice_ms: int) -> Replay:
        """Run the replay in slices as beat does. Each reading of the clock is a second later."""
        row = Replay.objects.create(site=shop.key, requested=True)
        while Replay.objects.filter(pk=row.pk, ended_at=None).exists():
            now = now_ms()
            ticks = iter(range(now, now + 100_000_000, 1_000))
            continue_replays(archive, replay_processor(), lambda ticks=ticks: next(ticks), now + slice_ms)  # type: ignore[misc]
        row.refresh_from_db()
        return row

    @pytest.mark.parametrize("slice_ms", [4_000, 50_000])
    def test_they_equal_those_from_small_objects(
        self, opened_store: Store, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch, slice_ms: int
    ) -> None:
        monkeypatch.setattr(merged, "BLOCK_BYTES", 400)
        shop = Shop(opened_store)
        for n in range(12):
            made_at = NOON + n * 20 * MINUTE
            hits = (shop.click(f"c{n}", n * MINUTE), shop.sale(f"s{n}", n * 20 * MINUTE, order=f"o{n}"))
            archive.put(Batch(batch_id(made_at, f"n{n}"), hits))
        list(Merger(archive).merge(NOON + 3 * HOUR))
        assert 1 < len(list(archive.list_small())) < 12
        row = self.replay(shop, archive, slice_ms)
        assert (row.batches, row.hits, row.damaged) == (12, 24, 0)
        shop.roll_up()
        sales = opened_store.read_bucket(shop.key, NOON)
        assert {(fact.hit, fact.batch) for fact in sales} == {
            *((f"s{n}", batch_id(NOON + n * 20 * MINUTE, f"n{n}")) for n in range(3)),
            *((f"c{n}", batch_id(NOON + n * 20 * MINUTE, f"n{n}")) for n in range(12)),
        }
        assert len(opened_store.read_bucket(shop.key, NOON + HOUR)) == 3
        assert opened_store.read_bucket(shop.key, NOON + DAY) == []
