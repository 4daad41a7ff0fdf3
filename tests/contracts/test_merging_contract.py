"""The contract of merging, for each archive: no hit is lost or doubled if a merger dies, or if two mergers work at
once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from backports import zstd

from tests.contracts.archives import HOUR, NOON, Place, batch
from tracker.archive import NotArchived, ObjectArchive, Wanted, archive_key, batch_of, merged, merger, place_before
from tracker.archive import place as place_of
from tracker.archive.merger import Merger
from tracker.collection.hit import BadBatch, Batch, Hit, batch_id

LATER = NOON + 3 * HOUR


@pytest.fixture
def archive(place: Place) -> ObjectArchive:
    return place.archive


def merge(archive: ObjectArchive, until: int = LATER) -> int:
    """Merge. Return how many objects were deleted."""
    return sum(Merger(archive).merge(until))


def objects(archive: ObjectArchive) -> list[str]:
    return list(archive.list())


def ids(archive: ObjectArchive) -> list[str]:
    """Return the ids of all hits, duplicates included."""
    return sorted(hit.id for key in objects(archive) for hit in archive.get(key))


def put_hour(archive: ObjectArchive, many: int = 3) -> list[str]:
    return [archive.put(batch(NOON + n, f"n{n}", f"a{n}", f"b{n}")) for n in range(many)]


def hit(id: str, site: str = "s", at: int = NOON, **more: Any) -> Hit:
    return Hit(id=id, site=site, type="page", at=at, received=at, visitor="v", **more)


def test_a_past_hour_becomes_one_object_with_the_same_hits(archive: ObjectArchive) -> None:
    keys = put_hour(archive)
    before = {hit for key in keys for hit in map(repr, archive.get(key))}
    assert merge(archive) == 3
    (key,) = objects(archive)
    assert key.startswith(f"merged/2026/11/20/12/{NOON + 2}-n2.")
    assert set(map(repr, archive.get(key))) == before
    for gone in keys:
        with pytest.raises(NotArchived):
            archive.get(gone)


def test_merging_again_changes_nothing(place: Place) -> None:
    put_hour(place.archive)
    merge(place.archive)
    (key,) = objects(place.archive)
    before = place.read(key)
    assert merge(place.archive) == 0
    assert objects(place.archive) == [key]
    assert place.read(key) == before


def test_the_present_hour_is_not_merged(archive: ObjectArchive) -> None:
    keys = put_hour(archive)
    assert merge(archive, NOON + HOUR - 1) == 0
    assert objects(archive) == keys
    assert merge(archive, NOON + HOUR) == 3


def test_each_hour_has_its_own_objects(archive: ObjectArchive) -> None:
    for at in (0, HOUR - 1, HOUR, 2 * HOUR):
        archive.put(batch(NOON + at, "a", f"h{at}"))
    merge(archive)
    assert [batch_of(key) for key in objects(archive)] == [
        batch_id(NOON + at, "a") for at in (HOUR - 1, HOUR, 2 * HOUR)
    ]


def test_identical_copies_become_one_and_others_stay(archive: ObjectArchive) -> None:
    one, other = hit("h1"), hit("h1", title="other")
    archive.put(Batch(batch_id(NOON + 1, "later"), (one, other)))
    archive.put(Batch(batch_id(NOON, "first"), (one,)))
    merge(archive)
    (key,) = objects(archive)
    found = {row.id: list(row.hits) for piece in archive.pieces(key) for row in archive.fetch(piece)}
    assert found == {batch_id(NOON, "first"): [one], batch_id(NOON + 1, "later"): [other]}


def test_hits_are_sorted_by_site_and_time_and_zstd_can_print_them(place: Place) -> None:
    hits = [hit("1", "b", 5), hit("2", "a", 9), hit("3", "b", 2), hit("4", "a", 1)]
    place.archive.put(Batch(batch_id(NOON, "x"), tuple(hits)))
    merge(place.archive)
    (key,) = objects(place.archive)
    assert [hit.id for hit in place.archive.get(key)] == ["4", "2", "3", "1"]
    lines = zstd.decompress(place.read(key)).splitlines()
    assert [line[:28] for line in lines] == [b'["%d-x",{"id":"%s"' % (NOON, one) for one in (b"4", b"2", b"3", b"1")]


def test_only_the_blocks_with_wanted_hits_are_read(archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged, "BLOCK_BYTES", 1)  # each hit is a block of its own
    hits = [hit(f"{site}{at}", site, at) for site in "abc" for at in range(5)]
    archive.put(Batch(batch_id(NOON, "x"), tuple(hits)))
    merge(archive)
    (key,) = objects(archive)

    def wanted(*spans: Wanted) -> list[str]:
        pieces = archive.pieces(key, spans)
        assert sum(piece.batches for piece in pieces) == 1
        return [hit.id for piece in pieces for one in archive.fetch(piece) for hit in one.hits]

    assert wanted(Wanted("b", 1, 3)) == ["b1", "b2"]
    assert wanted(Wanted("c", 4, 99), Wanted("a", 0, 1)) == ["a0", "c4"]
    assert wanted(Wanted("b", 5, 99)) == wanted(Wanted("bb", 0, 99)) == wanted() == []


def test_a_late_batch_is_merged_into_its_hour(archive: ObjectArchive) -> None:
    put_hour(archive)
    merge(archive)
    archive.put(batch(NOON + 1, "late", "late"))
    assert merge(archive) == 2
    assert len(objects(archive)) == 1
    assert ids(archive) == ["a0", "a1", "a2", "b0", "b1", "b2", "late"]


def test_a_batch_that_is_delivered_again_after_merging_is_merged_again(archive: ObjectArchive) -> None:
    put_hour(archive)
    merge(archive)
    before = objects(archive)
    archive.put(batch(NOON + 1, "n1", "a1", "b1"))
    assert merge(archive) == 1
    assert objects(archive) == before


def test_a_large_hour_becomes_several_objects_of_bounded_size(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merger, "MOST_HITS", 10)
    put_hour(archive, 12)
    merge(archive)
    assert [len(archive.get(key)) for key in objects(archive)] == [10, 10, 4]
    assert len(set(ids(archive))) == 24
    full = objects(archive)[:2]
    archive.put(batch(NOON + 1, "late", "late"))
    merge(archive)  # a full object is not written again
    assert objects(archive)[:2] == full
    assert len(ids(archive)) == len(set(ids(archive))) == 25


@pytest.mark.parametrize("most", ["MOST_BYTES", "MOST_BATCHES"])
def test_an_object_is_also_bounded_in_bytes_and_batches(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    monkeypatch.setattr(merger, most, 2)
    put_hour(archive, 5)
    merge(archive)
    assert len(objects(archive)) >= 3
    assert len(ids(archive)) == len(set(ids(archive))) == 10
    before = objects(archive)
    assert merge(archive) == 0
    assert objects(archive) == before


class Died(Exception):
    """The process is killed."""


def at_each_step(archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch, step: Callable[[], None]) -> None:
    """Call `step` before and after each write, and around the deletion of each object."""
    write, delete = archive.write, archive.delete

    def writing(key: str, body: bytes) -> None:
        step()
        write(key, body)
        step()

    def deleting(keys: Iterable[str]) -> None:
        for key in keys:
            delete([key])
            step()

    monkeypatch.setattr(archive, "write", writing)
    monkeypatch.setattr(archive, "delete", deleting)


def dying_at(number: int) -> Callable[[], None]:
    steps = count()

    def step() -> None:
        if next(steps) == number:
            raise Died

    return step


@pytest.mark.parametrize("most", [100_000, 4], ids=["one object", "several"])
def test_a_merge_that_dies_at_any_step_loses_nothing_and_the_next_leaves_no_duplicates(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(merger, "MOST_HITS", most)
    for number in count():
        day = number * 24 * HOUR
        sent = [batch(NOON + day + n, f"n{n}", f"{number}.{n}", f"{number}.{n}b") for n in range(4)]
        expected = sorted(hit.id for one in sent for hit in one.hits)
        for one in sent:
            archive.put(one)

        def found(since: int = NOON + day) -> list[str]:
            return sorted(hit.id for key in archive.list(since) for hit in archive.get(key))

        with monkeypatch.context() as patch:
            at_each_step(archive, patch, dying_at(number))
            try:
                merge(archive, LATER + day)
                died = False
            except Died:
                died = True
        assert set(found()) == set(expected)
        # This stays true if a batch comes late.
        archive.put(batch(NOON + day + 2, "late", f"{number}.late"))
        merge(archive, LATER + day)
        assert found() == sorted([*expected, f"{number}.late"])
        assert not list(archive.list_small(NOON + day))
        if not died:
            break
    assert number > 5


def test_two_merges_at_once_lose_nothing_and_double_nothing(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        day = number * 24 * HOUR
        for n in range(4):
            archive.put(batch(NOON + day + n, f"n{n}", f"{number}.{n}"))
        steps = count()

        def step(number: int = number, day: int = day, steps: Iterator[int] = steps) -> None:
            if next(steps) == number:
                archive.put(batch(NOON + day + 9, "late", f"{number}.late"))
                merge(archive, LATER + day)

        with monkeypatch.context() as patch:
            at_each_step(archive, patch, step)
            merge(archive, LATER + day)
        merge(archive, LATER + day)
        found = sorted(hit.id for key in archive.list(NOON + day) for hit in archive.get(key))
        late = [f"{number}.late"] if next(steps) > number else []
        assert found == [*(f"{number}.{n}" for n in range(4)), *late]


def write_merged(archive: ObjectArchive, batches: Sequence[Batch]) -> None:
    """Write the merged object of these batches, as a merger does that dies before it deletes the small objects."""
    rows = [row for one in batches for row in archive.read_object(archive_key(one.id))[1]]
    archive.write(*merged.pack_merged(rows, [one.id for one in batches]))


def put_three(archive: ObjectArchive) -> list[Batch]:
    """Put three batches of two hits each."""
    small = [Batch(batch_id(NOON + n, f"n{n}"), batch(NOON, "x", f"a{n}", f"b{n}").hits) for n in range(3)]
    for one in small:
        archive.put(one)
    return small


@pytest.mark.parametrize(
    ("first", "second"), [(slice(2), slice(3)), (slice(2), slice(1, 3))], ids=["all of its batches", "some of them"]
)
def test_overlapping_objects_of_two_mergers_become_one_with_the_next_merger(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch, first: slice, second: slice
) -> None:
    """Two mergers wrote two objects at once, and both died before they cleaned up."""
    small = put_three(archive)
    for held in (first, second):
        write_merged(archive, small[held])
    archive.delete(archive_key(one.id) for one in small)
    assert len(objects(archive)) == 2
    # If an object has all batches of another one, the other one is deleted. This is so even if the first one is half
    # full and takes no more batches.
    monkeypatch.setattr(merger, "MOST_HITS", 4 if second == slice(3) else 100)
    assert merge(archive) > 0
    assert ids(archive) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert merge(archive) == 0
    assert len(objects(archive)) == 1


def test_of_three_objects_that_overlap_in_pairs_no_batch_is_lost(archive: ObjectArchive) -> None:
    small = put_three(archive)
    for missing in small:
        write_merged(archive, [one for one in small if one != missing])
    archive.delete(archive_key(one.id) for one in small)
    assert len(objects(archive)) == 3
    merge(archive)
    assert ids(archive) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_a_merger_that_writes_the_object_of_another_one_again_keeps_it(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = put_three(archive)
    calls, list_hour = count(), archive.list_hour

    def listing(one: str) -> Iterator[str]:
        # The first call finds no merged object. Then another merger writes one, and dies.
        if next(calls) == 1:
            write_merged(archive, small)
        return list_hour(one)

    monkeypatch.setattr(archive, "list_hour", listing)
    merge(archive)
    assert ids(archive) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert len(objects(archive)) == 1


def harmed(body: bytes) -> bytes:
    return body[:20] + bytes([body[20] ^ 0xFF]) + body[21:]


def test_a_damaged_object_is_kept_and_reported_once_and_the_others_are_merged(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    keys = put_hour(place.archive)
    place.write(keys[1], harmed(place.read(keys[1])))
    work = Merger(place.archive)
    for _ in range(2):
        list(work.merge(LATER))
    assert objects(place.archive)[:1] == [keys[1]]
    assert len(objects(place.archive)) == 2
    assert caplog.text.count(f"the archive's object {keys[1]} is not merged") == 1
    with pytest.raises(BadBatch):
        place.archive.get(keys[1])
    assert len(place.archive.get(objects(place.archive)[1])) == 4


@pytest.mark.parametrize(
    "harm",
    [harmed, lambda body: body[:-9], lambda body: body[:-30] + b"x" + body[-29:], lambda body: b"", lambda body: b"x"],
)
def test_a_damaged_merged_object_is_reported_and_kept(place: Place, harm: Callable[[bytes], bytes]) -> None:
    put_hour(place.archive)
    merge(place.archive)
    (key,) = objects(place.archive)
    body = harm(place.read(key))
    place.write(key, body)
    with pytest.raises(BadBatch):
        place.archive.get(key)
    late = place.archive.put(batch(NOON + 1, "late", "late"))
    merge(place.archive)
    assert place.read(key) == body
    assert late not in objects(place.archive)
    assert sum(len(place.archive.get(one)) for one in objects(place.archive) if one != key) == 1


def test_merged_and_small_objects_are_listed_together_in_order_of_time(archive: ObjectArchive) -> None:
    put_hour(archive)
    merge(archive)
    (first,) = objects(archive)
    late = archive.put(batch(NOON + 1, "z"))
    after = archive.put(batch(NOON + 2, "n2z"))
    later = archive.put(batch(NOON + HOUR, "a"))
    assert objects(archive) == [late, first, after, later]
    assert list(archive.list(after=place_of(late))) == [first, after, later]
    assert list(archive.list(after=place_of(first))) == [after, later]
    assert list(archive.list(after=place_before(first))) == [first, after, later]
    assert list(archive.list(NOON + 2, NOON + 3)) == [first, after]
    assert list(archive.list(NOON, NOON + 1)) == [first]  # it may have any batch of its hour up to its last one
    assert list(archive.list(NOON + 3, NOON + HOUR)) == []


def test_a_reader_of_the_list_misses_no_hit_while_objects_are_merged(archive: ObjectArchive) -> None:
    """After each object the hour is merged. The rest of the list holds every hit that was not seen yet."""
    for number in range(4):
        day = number * 24 * HOUR
        keys = [archive.put(batch(NOON + day + n, f"n{n}", f"{number}.{n}")) for n in range(4)]
        seen = [archive.get(key)[0].id for key in keys[:number]]
        merge(archive, LATER + day)
        after = keys[number - 1] if number else archive_key(batch_id(NOON + day, "0"))
        seen += [hit.id for key in archive.list(after=after) for hit in archive.get(key)]
        assert {f"{number}.{n}" for n in range(4)} <= set(seen)


def test_an_index_larger_than_the_first_read_is_read_whole(
    archive: ObjectArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.archive.archive.TAIL_BYTES", 30)
    put_hour(archive)
    merge(archive)
    (key,) = objects(archive)
    assert len(archive.get(key)) == 6


def test_the_objects_of_a_batch_are_found(archive: ObjectArchive) -> None:
    key = archive.put(batch(NOON, "a", "h1", "h2"))
    archive.put(batch(NOON + 1, "b", "h3"))
    before = archive.get(key)
    assert archive.get_batch(batch_id(NOON, "a")) == before
    merge(archive)
    assert archive.get_batch(batch_id(NOON, "a")) == before
    for missing in (batch_id(NOON, "none"), batch_id(NOON + HOUR, "a")):
        with pytest.raises(NotArchived):
            archive.get_batch(missing)
