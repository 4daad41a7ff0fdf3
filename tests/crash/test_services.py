"""A tracker on services loses no accepted hit if processes and services are killed; its report equals the archive's."""

import os
from pathlib import Path

import pytest

from tests.crash.faults import WEIGHTS
from tests.crash.run import Run, crash
from tests.crash.services import OwnServices
from tests.running import Tracker

SEED = int(os.environ.get("CRASH_SEED") or 1)


@pytest.mark.services
@pytest.mark.timeout(600)
def test_every_accepted_hit_is_archived_and_reported_once_whatever_is_killed(
    own_services: OwnServices, tmp_path: Path
) -> None:
    with Tracker(tmp_path / "state", own_services.make_room()) as tracker:
        figures = crash(Run(tracker, SEED, own_services), hits=4_000, seconds=45)
    assert figures.accepted >= 3_500
    assert sum(figures.kills.values()) >= 15
    assert set(figures.kills) == set(WEIGHTS)
