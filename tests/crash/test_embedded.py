"""An embedded tracker whose processes are killed loses no accepted hit, and its report equals the archive's."""

import os
from pathlib import Path

import pytest

from tests.crash.run import Run, crash
from tests.running import Tracker

SEED = int(os.environ.get("CRASH_SEED") or 1)


@pytest.mark.timeout(300)
def test_every_accepted_hit_is_archived_and_reported_once_whatever_is_killed(tmp_path: Path) -> None:
    with Tracker(tmp_path / "state") as tracker:
        figures = crash(Run(tracker, SEED), hits=1_500, seconds=20)
    assert figures.accepted >= 1_300
    assert figures.kills["web"] + figures.kills["web's child"] >= 5
