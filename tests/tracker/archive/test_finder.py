"""Finder: names the object that holds a batch, merged or not, within a second."""

import pytest

from tracker.archive import ArchiveUnavailable, Finder, FolderArchive, Merger, archive_key, finder
from tracker.collection.hit import Batch, Hit, batch_id

HOUR = 3_600_000
NOON = 1_795_176_000_000
A, B, LATE = (batch_id(NOON + n, nonce) for n, nonce in enumerate(["a", "b", "late"]))


@pytest.fixture
def merged(archive: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> FolderArchive:
    """An hour with two merged batches and a third one that came later."""
    monkeypatch.setattr("time.time", lambda: (NOON + 9 * HOUR) / 1000)
    hits = (Hit(id="h", site="s", type="page", at=NOON, received=NOON, visitor="v"),)
    for one in (A, B):
        archive.put(Batch(one, hits))
    list(Merger(archive).merge(NOON + HOUR))
    archive.put(Batch(LATE, hits))
    return archive


def test_a_batch_is_in_its_own_object_until_it_is_merged(merged: FolderArchive) -> None:
    (key,) = merged.list_merged()
    find = Finder(merged).find
    assert [find(A), find(B), find(LATE)] == [key, key, archive_key(LATE)]
    assert find(batch_id(NOON + HOUR, "other")) == archive_key(batch_id(NOON + HOUR, "other"))
    assert find("no batch") is None


def test_a_past_hour_is_listed_once_and_the_present_one_never(
    merged: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    look = merged.list_merged
    monkeypatch.setattr(merged, "list_merged", lambda *range: asked.append(range) or look(*range))
    find = Finder(merged).find
    for batch in (A, B, A, batch_id(NOON + 9 * HOUR, "now")):
        assert find(batch)
    assert len(asked) == 1


def test_if_the_archive_is_away_no_object_is_named_and_it_is_asked_once(
    merged: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(*range: int) -> None:
        asked.append(range)
        raise ArchiveUnavailable("gone")

    monkeypatch.setattr(merged, "list_merged", away)
    find = Finder(merged).find
    assert [find(A), find(B), find(batch_id(NOON - HOUR, "x"))] == [None, None, None]
    assert len(asked) == 1


def test_an_object_that_takes_longer_than_a_second_to_find_is_not_named(
    merged: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "SECONDS", 0.0)
    assert Finder(merged).find(A) is None


def test_a_merged_object_with_a_damaged_index_is_named_for_its_last_batch(merged: FolderArchive) -> None:
    (key,) = merged.list_merged()
    (merged.folder / key).write_bytes(b"damaged")
    find = Finder(merged).find
    assert (find(A), find(B)) == (archive_key(A), key)
