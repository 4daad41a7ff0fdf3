"""Merging: beat merges hours that are due, and waits while the archive is away. The command merges at once."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tracker import tasks
from tracker.archive import FolderArchive
from tracker.celery import UPKEEP, app
from tracker.collection.hit import Batch, Hit, batch_id
from tracker.prometheus import MERGED
from tracker.tasks import merge_archive

HOUR = 3_600_000


def now() -> int:
    return time.time_ns() // 1_000_000


def put(archive: FolderArchive, made_at: int, id: str = "h") -> str:
    one = Hit(id=id, site="s", type="page", at=made_at, received=made_at, visitor="v")
    return archive.put(Batch(batch_id(made_at, "a"), (one,)))


def command() -> str:
    """Run the command and return its output."""
    output = StringIO()
    call_command("merge_archive", stdout=output, stderr=output)
    return output.getvalue()


def test_beat_merges_hours_that_ended_long_enough_ago(archive: FolderArchive, settings: Any) -> None:
    settings.ARCHIVE_MERGE_HOURS = 2
    put(archive, now() - 4 * HOUR)
    recent = put(archive, now() - HOUR)
    counted = MERGED._value.get()
    merge_archive()
    assert MERGED._value.get() == counted + 1
    assert [key for key in archive.list() if not key.startswith("merged/")] == [recent]
    assert len(list(archive.list_merged())) == 1


def test_without_hours_beat_merges_nothing_and_the_command_still_does(archive: FolderArchive, settings: Any) -> None:
    settings.ARCHIVE_MERGE_HOURS = 0
    key = put(archive, now() - 9 * HOUR)
    merge_archive()
    assert list(archive.list()) == [key]
    assert command() == "1 of 1 objects were merged.\n"
    assert len(list(archive.list_merged())) == 1
    assert command() == "0 of 0 objects were merged.\n"


def test_a_tick_ends_after_its_seconds_and_the_next_goes_on(
    archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TICK_SECONDS", -1.0)
    for hours in (9, 8, 7):
        put(archive, now() - hours * HOUR)
    left = []
    while list(archive.list_small()):
        merge_archive()
        left.append(len(list(archive.list_small())))
        assert len(left) < 9
    assert left[-1] == 0
    assert len(left) > 2


def away(archive: FolderArchive) -> None:
    """Make the hour's folder unreadable: a file is in its place."""
    (archive.folder / "merged").write_text("")


def test_beat_waits_while_the_archive_is_away_and_loses_nothing(
    archive: FolderArchive, caplog: pytest.LogCaptureFixture
) -> None:
    key = put(archive, now() - 9 * HOUR)
    away(archive)
    merge_archive()
    assert "the archive is not merged now" in caplog.text
    assert list(archive.list_small()) == [key]
    (archive.folder / "merged").unlink()
    merge_archive()
    assert len(list(archive.list_merged())) == 1


def test_the_command_ends_with_a_clear_line_while_the_archive_is_away(archive: FolderArchive) -> None:
    put(archive, now() - 9 * HOUR)
    away(archive)
    with pytest.raises(CommandError, match=r"Stopped: .*\. The same command goes on from here"):
        command()


def test_merging_uses_the_upkeep_queue() -> None:
    assert app.amqp.router.route({}, "tracker.tasks.merge_archive")["queue"].name == UPKEEP
