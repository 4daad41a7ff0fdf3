"""Counts of all processes: a full disk kills no process, and counts are written once there is room again."""

import os
import subprocess
import sys
from pathlib import Path

from tests.running import CHECKOUT
from tests.small_disk import fill, small_disk
from tracker.metrics import CountSums

COUNTING = """
from tracker import settings
from tracker.prometheus import COMMIT_SECONDS, REFUSED, count_batch
import os, pathlib
for code in range(200):
    REFUSED.labels(f"code_{code}").inc()
count_batch(3, 0.004)
if rest := os.environ.get("REST"):
    pathlib.Path(rest).unlink()
for code in range(200):
    REFUSED.labels(f"code_{code}").inc()
count_batch(3, 0.004)
if not os.fork():
    count_batch(3, None)
    os._exit(0)
assert os.wait()[1] == 0
"""


def count(state: Path, folder: Path, **more: str) -> dict[str, float]:
    """Return the counts of a process and its child as /metrics reads them: name and label values -> value."""
    env = {**os.environ, "HITLEDGER_STATE": str(state), "PROMETHEUS_MULTIPROC_DIR": str(folder), **more}
    done = subprocess.run([sys.executable, "-c", COUNTING], env=env, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    samples = [sample for family in CountSums(folder).collect() for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_the_counts_of_a_process_and_its_child_are_added_up(tmp_path: Path) -> None:
    for runs in (1.0, 2.0):
        counted = count(tmp_path, tmp_path / "metrics")
        assert counted["hitledger_requests_refused_total code_7"] == 2 * runs
        assert counted["hitledger_batches_total sent"] == 2 * runs
        assert counted["hitledger_batches_total failed"] == runs
        assert counted["hitledger_commit_seconds_count"] == 2 * runs
        assert counted["hitledger_commit_seconds_bucket 0.005"] == 2 * runs


def test_a_full_disk_kills_no_process_and_loses_no_count(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        rest = fill(disk)
        counted = count(tmp_path, disk, REST=str(rest))
        assert counted["hitledger_requests_refused_total code_199"] == 2
        assert counted["hitledger_batches_total sent"] == 2


def test_a_disk_that_stays_full_kills_no_process_either(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        assert count(tmp_path, disk) == {}
