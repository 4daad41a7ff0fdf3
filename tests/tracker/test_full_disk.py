"""An embedded tracker on a full disk refuses hits and isn't ready. It recovers once there is room."""

import time
from pathlib import Path

import requests

from tests.running import Tracker
from tests.small_disk import fill, small_disk


def test_a_full_disk_refuses_hits_kills_no_process_and_is_over_once_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=8192) as disk, Tracker(disk) as tracker:
        tracker.migrate()
        hit = {"site": tracker.bootstrap()["site"]}
        tracker.start("web")
        pids = tracker.pids("web")
        rest = fill(disk)
        assert {requests.get(f"{tracker.url}/collect", hit, timeout=10).status_code for _ in range(20)} == {503}
        assert {name for name, state in states(tracker).items() if state == "down"} >= {"database", "archive"}
        assert [file for file in disk.rglob(".*") if file.is_file()] == []
        assert requests.get(f"{tracker.url}/metrics", timeout=10).status_code == 200
        rest.unlink()
        time.sleep(1.1)  # a service is checked at most once a second
        assert requests.get(f"{tracker.url}/collect", hit, timeout=10).json()["accepted"] == 1
        assert set(states(tracker).values()) == {"up"}
        assert tracker.pids("web") == pids


def states(tracker: Tracker) -> dict[str, str]:
    """Return the readiness of each service."""
    services = requests.get(f"{tracker.url}/readyz", timeout=10).json()["services"]
    return {name: service["state"] for name, service in services.items()}
