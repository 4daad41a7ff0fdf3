"""The embedded queue: if a process dies with a batch in hand, the batch is processed once, with the next marker."""

import fcntl
from pathlib import Path
from typing import Any

import pytest

from tracker.archive import FolderArchive, Merger
from tracker.collection.hit import Batch, Hit
from tracker.queues import QueueUnavailable, new_batch_id, send_marker
from tracker.queues.inline import InlineQueue, folder

pytestmark = pytest.mark.django_db

done: list[str] = []
failures: list[Exception] = []


def note(text: str) -> str:
    """Stand in for the second task: record the batch, or fail."""
    if failures:
        raise failures.pop()
    done.append(text)
    return text


@pytest.fixture(autouse=True)
def chain(inline: None, settings: Any, tmp_path: Path) -> None:
    """Sets the chain of tasks: the archive's task, then the test's own."""
    settings.STATE_DIR = tmp_path
    settings.HIT_CHAIN = ("tracker.tasks.archive_hits", f"{__name__}.note")
    done.clear()
    failures.clear()


@pytest.fixture
def batch() -> Batch:
    return Batch(new_batch_id(), (Hit(id="a", site="s", type="page", at=1, received=1, visitor="v"),))


def processed(batch: Batch) -> int:
    """Return how often the step got the batch."""
    return sum(batch.id in text for text in done)


def test_a_processed_batch_is_not_processed_again(batch: Batch) -> None:
    InlineQueue().send(batch)
    send_marker()
    assert processed(batch) == 1


def test_an_archived_batch_that_was_not_processed_is_processed_with_the_next_marker(batch: Batch) -> None:
    failures.append(OSError("the disk is away"))
    with pytest.raises(QueueUnavailable):
        InlineQueue().send(batch)
    assert not processed(batch)
    send_marker()
    send_marker()
    assert processed(batch) == 1
    assert not list(folder().iterdir())


def test_an_unprocessed_batch_that_was_merged_meanwhile_is_processed_too(batch: Batch, archive: FolderArchive) -> None:
    archive.put(batch)
    (folder() / batch.id).touch()
    list(Merger(archive).merge(batch.made_at + 3_600_000))
    assert not list(archive.list_small())
    send_marker()
    assert processed(batch) == 1
    assert not list(folder().iterdir())


def test_a_batch_in_hand_of_a_living_process_is_left_to_it(batch: Batch, archive: FolderArchive) -> None:
    archive.put(batch)
    with (folder() / batch.id).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        send_marker()
        assert not processed(batch)
    send_marker()
    assert processed(batch) == 1


def test_a_batch_that_was_never_archived_is_forgotten(batch: Batch) -> None:
    (folder() / batch.id).touch()
    send_marker()
    assert not processed(batch)
    assert not list(folder().iterdir())


def test_while_a_service_is_away_no_marker_overtakes_an_unprocessed_batch(batch: Batch, archive: FolderArchive) -> None:
    archive.put(batch)
    (folder() / batch.id).touch()
    failures.append(OSError("the disk is away"))
    with pytest.raises(QueueUnavailable):
        send_marker()
    assert not done


def test_a_batch_that_cannot_be_processed_delays_no_other(batch: Batch, archive: FolderArchive) -> None:
    archive.put(batch)
    stray = folder() / "0-stray"
    for path in (stray, folder() / batch.id):
        path.touch()
    send_marker()
    assert processed(batch) == 1
    assert list(folder().iterdir()) == [stray]
