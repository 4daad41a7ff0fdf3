"""Cassandra accepts connections but doesn't answer: readers get a 503 soon, and hits are still accepted."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings

from tests.conftest import KEYSPACE, needs
from tests.running import Tracker
from tests.stalling import Door, door
from tracker.queues.rabbit import RabbitQueue

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]
WITHIN_SECONDS = 3.0


@pytest.fixture
def stalled() -> Iterator[Door]:
    """The tracker, and the proxy between it and the real Cassandra."""
    needs("CASSANDRA_URL")
    needs("BROKER_URL")
    parts = urlsplit(settings.CASSANDRA_URL)
    with door(parts.hostname or "", parts.port or 9042) as made:
        yield made


def read(tracker: Tracker, made: dict[str, Any], path: str) -> tuple[float, requests.Response]:
    """Return how long the answer took (seconds), and the answer."""
    began = time.monotonic()
    token = {"Authorization": f"Bearer {made['report_token']}"}
    answer = requests.get(f"{tracker.url}{path.format(site=made['site'])}", headers=token, timeout=30)
    return time.monotonic() - began, answer


READERS = [
    "/api/reports/conversions?site={site}&from=2026-11-01&to=2026-11-27",
    "/api/reports/fits?site={site}&goal=purchase&month=2026-10",
    "/api/conversions?site={site}&order=A-1",
    "/api/conversions?site={site}&visitor=ann",
    "/api/visitors?site={site}&visitor=ann",
    "/api/rejected?site={site}",
]


def test_readers_get_an_answer_soon_while_cassandra_stalls(
    stalled: Door, rabbitmq: RabbitQueue, tmp_path: Path
) -> None:
    env = {"CASSANDRA_URL": f"cassandra://127.0.0.1:{stalled.port}/{KEYSPACE}", "DATABASE_URL": ""}
    with Tracker(tmp_path, env, services=True) as tracker:
        tracker.migrate()
        made = tracker.bootstrap()
        tracker.start("web")
        assert {path: read(tracker, made, path)[1].status_code for path in READERS} == dict.fromkeys(READERS, 200) | {
            READERS[1]: 404
        }
        stalled.stall()
        time.sleep(1.1)  # a service is checked at most once a second
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda path: read(tracker, made, path), READERS * 4))
        assert {answer.status_code for _, answer in answers} == {503}
        assert max(seconds for seconds, _ in answers) < WITHIN_SECONDS
        assert requests.get(f"{tracker.url}/collect", {"site": made["site"]}, timeout=10).status_code == 200
        stalled.go_on()
        deadline = time.monotonic() + 30
        while read(tracker, made, READERS[0])[1].status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
