"""An embedded tracker that is killed with archived but unprocessed hits processes them at its next start."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.running import Tracker

WAIT_SECONDS = 30.0


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def buy(tracker: Tracker, site: str) -> int:
    """Send a sale. Return the status, or 0 if no answer comes."""
    hit = {"site": site, "type": "conversion", "name": "purchase", "order": "A-1", "value": "29.90"}
    try:
        return requests.post(f"{tracker.url}/collect", json=hit, timeout=10).status_code
    except requests.ConnectionError:
        return 0


def kill_while_in_hand(tracker: Tracker, site: str) -> None:
    """Send a sale while the database is locked, and kill everything once the sale is archived."""
    database = sqlite3.connect(tracker.database, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(buy, tracker, site)
        wait_until(lambda: any((tracker.state / "archive").rglob("*.jsonl.gz")), "nothing was archived")
        tracker.kill("web")
        assert status.result() == 0
    database.close()


def value(tracker: Tracker, made: dict[str, Any]) -> str:
    """Return the value in the report."""
    today = datetime.now(UTC).date()
    answer = requests.get(
        f"{tracker.url}/api/reports/conversions",
        {"site": made["site"], "from": str(today - timedelta(days=1)), "to": str(today)},
        headers={"Authorization": f"Bearer {made['report_token']}"},
        timeout=10,
    )
    return str(answer.json()["totals"]["value"])


def in_hand(tracker: Tracker) -> int:
    return len(list((tracker.state / "in_hand").iterdir()))


@pytest.mark.timeout(120)
def test_a_sale_archived_before_everything_was_killed_counts_after_the_next_start(tmp_path: Path) -> None:
    with Tracker(tmp_path, {"DJANGO_SETTINGS_MODULE": "tests.quick_beat"}) as tracker:
        tracker.migrate()
        tracker.manage("prepare")
        made = tracker.bootstrap()
        tracker.start("web")
        kill_while_in_hand(tracker, made["site"])
        assert in_hand(tracker) == 1
        tracker.start("beat", "web")
        wait_until(lambda: value(tracker, made) == "29.900000", "the sale is not in the report")
        assert in_hand(tracker) == 0
