"""Finder: people are told which object holds a batch, merged or not, and are kept waiting for it only a second."""

import pytest

from tracker.archive import ArchiveUnavailable, Finder, FolderArchive, Merger, archive_key, finder
from tracker.collection.hit import Batch, Hit, batch_id

HOUR = 3_600_000
NOON = 1_795_176_000_000
A, B, LATE = (batch_id(NOON + n, nonce) for n, nonce in enumerate(["a", "b", "late"]))


@pytest.fixture
def merged(archive: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> FolderArchive:
    """An hour of two batches that were merged, and a third that came later."""
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


def test_an_hour_is_asked_for_once_and_one_that_is_not_over_not_at_all(
    merged: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    look = merged.list_merged
    monkeypatch.setattr(merged, "list_merged", lambda *range: asked.append(range) or look(*range))
    find = Finder(merged).find
    for batch in (A, B, A, batch_id(NOON + 9 * HOUR, "now")):
        assert find(batch)
    assert len(asked) == 1


def test_an_archive_that_is_away_names_nothing_and_is_asked_once(
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


def test_what_would_take_longer_than_a_second_is_not_named(
    merged: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "SECONDS", 0.0)
    assert Finder(merged).find(A) is None


def test_a_merged_object_with_a_damaged_index_is_named_for_its_last_batch(merged: FolderArchive) -> None:
    (key,) = merged.list_merged()
    (merged.folder / key).write_bytes(b"damaged")
    find = Finder(merged).find
    assert (find(A), find(B)) == (archive_key(A), key)
