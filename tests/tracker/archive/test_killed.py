"""Killed: real processes merge one archive at once, one of them is killed, and every hit is there once."""

import subprocess
import sys
import time
from pathlib import Path

from tests.running import CHECKOUT, Tracker
from tracker.archive import FolderArchive
from tracker.collection.hit import Batch, Hit, batch_id

HOUR = 3_600_000
HOURS, BATCHES, HITS = 6, 60, 40


def hit(id: str) -> Hit:
    return Hit(id=id, site="s", type="page", at=1, received=1, visitor="v")


def test_of_two_merging_processes_one_is_killed_and_every_hit_is_there_once(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    archive = FolderArchive(tmp_path / "archive")
    start = time.time_ns() // 1_000_000 // HOUR * HOUR - 9 * HOUR
    sent = []
    for number in range(HOURS * BATCHES):
        made_at = start + number % HOURS * HOUR + number
        hits = tuple(hit(f"{number}.{n}") for n in range(HITS))
        archive.put(Batch(batch_id(made_at, f"n{number}"), hits))
        sent += [one.id for one in hits]
    command = [sys.executable, "manage.py", "merge_archive"]
    first, second = (subprocess.Popen(command, cwd=CHECKOUT, env=tracker.env) for _ in range(2))
    try:
        deadline = time.monotonic() + 60
        while not list(archive.list_merged()) and time.monotonic() < deadline:
            time.sleep(0.001)
        first.kill()
        assert second.wait(60) == 0
    finally:
        for process in (first, second):
            process.kill()
            process.wait(10)
    tracker.manage("merge_archive")
    assert not list(archive.list_small())
    assert len(list(archive.list())) == HOURS
    assert sorted(hit.id for key in archive.list() for hit in archive.get(key)) == sorted(sent)
