"""The newest available RabbitMQ, set to refuse what 4.3 refuses by default: everything works as on the oldest."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from kombu import Connection

from tests.conftest import needs
from tests.running import CHECKOUT, Tracker
from tracker.queues.rabbit import check_version

pytestmark = pytest.mark.services


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Tracker]:
    """A tracker on this broker, with its own queues."""
    needs("BROKER_URL")
    command = [sys.executable, "-m", "tests.services", "start", "rabbitmq4"]
    started = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    url, prefix = started.stdout.strip().partition("=")[2], f"newest-{uuid4().hex[:8]}."
    with Tracker(tmp_path, {"BROKER_URL": url, "QUEUE_PREFIX": prefix, "WORKER_CONCURRENCY": "1"}) as tracker:
        yield tracker
        tracker.stop()
        with Connection(url) as connection:
            for name in ("hits", "facts", "figures", "upkeep", "dead"):
                connection.default_channel.queue_delete(f"{prefix}{name}")


@pytest.mark.timeout(120)
def test_a_sale_is_counted_and_the_queues_state_is_known(tracker: Tracker) -> None:
    tracker.manage("migrate", "--verbosity", "0")
    tracker.manage("prepare")
    made = tracker.bootstrap()
    tracker.start("web", "worker")
    sale = {"site": made["site"], "type": "conversion", "name": "purchase", "order": "A-1"}
    token = {"Authorization": f"Bearer {made['ingest_token']}"}
    assert requests.post(f"{tracker.url}/collect", json=sale, headers=token, timeout=10).status_code == 200
    assert "1 buckets rolled up." in tracker.manage("rollup", "--wait", "30")
    assert requests.get(f"{tracker.url}/readyz", timeout=10).json()["ready"] is True
    assert "hitledger_queue_consumers 1.0" in requests.get(f"{tracker.url}/metrics", timeout=10).text


@pytest.mark.parametrize("version", ["3.10.8", "3.13.7", "4.0.5", "4.3.0", "5.0.0-rc.1"])
def test_a_broker_that_is_new_enough_is_accepted(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize("version", ["3.9.13", "3.8.34"])
def test_a_broker_that_is_too_old_is_refused_with_the_versions_that_work(version: str) -> None:
    with pytest.raises(RuntimeError, match=rf"RabbitMQ {version}.* 3\.10"):
        check_version(version)
