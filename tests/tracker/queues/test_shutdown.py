"""Shutdown: a worker ends soon after SIGTERM, even if a service is away, and its batch isn't lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery.exceptions import Ignore
from kombu import Connection

from tests.conftest import needs
from tests.running import CHECKOUT, Tracker
from tracker.collection.failure import Transient
from tracker.queues import shutdown
from tracker.queues.step import retry_while_away

PROMISED_SECONDS = 25
SEND = """
from tracker.collection.hit import Batch, Hit
from tracker.queues import new_batch_id, open_queue
hit = Hit(id="one", site="nobody", type="page", at=1, received=1, visitor="ann")
open_queue().send(Batch(new_batch_id(), (hit,)))
"""


@pytest.fixture
def hanging() -> Iterator[int]:
    """A port that accepts connections but never answers, like a paused service."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "_ending", bytearray(b"\1"))


def messages(url: str, queue: str) -> list[int]:
    """Return for each message of a queue how often it was given back."""
    with Connection(url) as connection:
        channel, counts = connection.default_channel, []
        while (message := channel.basic_get(queue)) is not None:
            counts.append(int(message.headers.get("x-delivery-count", 0)))
        return counts


@pytest.mark.services
@pytest.mark.timeout(120)
def test_a_worker_ends_on_sigterm_and_its_batch_waits_as_if_undelivered(tmp_path: Path, hanging: int) -> None:
    needs("BROKER_URL")
    prefix = f"stop-{uuid4().hex[:8]}."
    env = {"QUEUE_PREFIX": prefix, "WORKER_CONCURRENCY": "1", "HIT_QOS": "5"}
    env |= {"ARCHIVE_URL": (tmp_path / "archive").as_uri(), "CASSANDRA_URL": f"cassandra://127.0.0.1:{hanging}/none"}
    with Tracker(tmp_path, env, services=True) as tracker:
        tracker.migrate()
        tracker.manage("shell", "--no-imports", "-c", SEND)
        tracker.start("worker")
        wait_for_words(tracker.log("worker"), "conversions.tasks.attribute_hits waits")
        pids, worker = tracker.pids("worker"), tracker.processes.pop("worker")
        began = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        assert worker.wait(PROMISED_SECONDS) == 0
        assert time.monotonic() - began < PROMISED_SECONDS
        broker = tracker.env["BROKER_URL"]
        assert messages(broker, f"{prefix}facts") == [0]
        assert messages(broker, f"{prefix}hits") == messages(broker, f"{prefix}dead") == []
        with Connection(broker) as connection:
            for name in ("hits", "facts", "figures", "upkeep", "dead"):
                connection.default_channel.queue_delete(f"{prefix}{name}")


def wait_for_words(log: Path, words: str) -> None:
    deadline = time.monotonic() + 40
    while words not in log.read_text(errors="replace"):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_a_worker_whose_tasks_do_not_end_is_ended_anyway(tmp_path: Path) -> None:
    words = (
        "import time; from tracker.queues import shutdown; shutdown.END_SECONDS = 0.3; shutdown.begin(); time.sleep(30)"
    )
    env = {**os.environ, "HITLEDGER_STATE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", words], cwd=CHECKOUT, env=env, timeout=20, capture_output=True)
    assert done.returncode == 1


def test_a_waiting_task_puts_its_batch_down_when_its_worker_must_end(ending: None) -> None:
    def away() -> None:
        raise Transient("cassandra")

    def put_down(_waited: float) -> None:
        raise Ignore

    began = time.monotonic()
    with pytest.raises(Ignore):
        retry_while_away(away, "a step", put_down)
    assert time.monotonic() - began < 1


def test_a_task_that_cannot_put_its_batch_down_keeps_it(ending: None) -> None:
    tries: list[Any] = []

    def away() -> str:
        tries.append(None)
        if len(tries) < 3:
            raise Transient("cassandra")
        return "done"

    def broker_away(_waited: float) -> None:
        raise Transient("the broker")

    began = time.monotonic()
    assert retry_while_away(away, "a step", broker_away) == "done"
    assert time.monotonic() - began > shutdown.SLICE_SECONDS  # the worker waits between tries
