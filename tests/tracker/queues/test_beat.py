"""Beat continues when the machine's clock is changed. None of its ticks is dropped because another machine's clock
differs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path

import pytest
import requests

from tests.running import CHECKOUT, Tracker
from tests.services.packages import ensure
from tracker.celery import FIGURES, app
from tracker.queues.rabbit import RabbitQueue
from tracker.tasks import send_marker


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A file that sets the wall clock of processes with the variables of `under`, as hours added to the right time."""
    ensure("libfaketime")
    return tmp_path / "clock"


def under(clock: Path) -> dict[str, str]:
    """Return the variables that make a process use the clock. Sleeping takes the usual time."""
    (library,) = glob("/usr/lib/*/faketime/libfaketime.so.1")
    return {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@pytest.fixture
def tracker(tmp_path: Path, clock: Path) -> Iterator[Tracker]:
    """An embedded tracker whose web process has the right time."""
    with Tracker(tmp_path / "state", {"DJANGO_SETTINGS_MODULE": "tests.quick_beat"}) as tracker:
        tracker.migrate()
        tracker.start("web")
        yield tracker


@pytest.mark.timeout(120)
def test_figures_continue_when_a_fast_clock_is_corrected(tracker: Tracker, clock: Path) -> None:
    made = tracker.bootstrap()
    clock.write_text("+3h")
    tracker.env |= under(clock)
    tracker.start("beat")
    for orders, hours in ((1, "+3h"), (2, "+0h"), (3, "-2h"), (4, "+0h")):
        clock.write_text(hours)
        time.sleep(1.5)  # wait for a tick under this clock
        sale = {"site": made["site"], "type": "conversion", "name": "purchase", "order": f"A-{orders}", "value": "10"}
        assert requests.post(f"{tracker.url}/collect", json=sale, timeout=10).status_code == 200
        wait_for_conversions(tracker, made, orders)


def wait_for_conversions(tracker: Tracker, made: dict[str, str], count: int) -> None:
    """Wait until the report counts `count` conversions."""
    day = datetime.now(UTC).date()
    days = {"site": made["site"], "from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1))}
    token = {"Authorization": f"Bearer {made['report_token']}"}
    deadline, found = time.monotonic() + 20, ""
    while found != f"{count}.000000":
        assert time.monotonic() < deadline, f"{found} of {count}: {tracker.tail('beat')}"
        time.sleep(0.2)
        answer = requests.get(f"{tracker.url}/api/reports/conversions", days, headers=token, timeout=10)
        found = answer.json()["totals"]["conversions"]


@pytest.mark.services
def test_an_expired_tick_is_dropped_by_the_broker_and_not_by_a_worker_with_a_fast_clock(rabbitmq: RabbitQueue) -> None:
    (options,) = {str(entry["options"]) for entry in app.conf.beat_schedule.values()}
    send_marker.apply_async(**app.conf.beat_schedule["marker"]["options"])
    with app.connection_for_read() as connection:
        message = connection.default_channel.basic_get(FIGURES)
    assert message is not None
    assert message.headers["expires"] is None
    assert message.properties["expiration"] == "60000"
    assert options == "{'expiration': 60}"


def test_beat_sends_ticks_at_its_start_and_then_each_minute(tmp_path: Path) -> None:
    env = {**os.environ, "HITLEDGER_STATE": str(tmp_path)}
    words = (
        "from tracker.celery import app; from tracker.queues.beat import Beat; sent = [];"
        "beat = Beat(app); beat.apply_entry = lambda entry, producer: sent.append(entry.name);"
        "waits = [beat.tick() for _ in range(3)];"
        "print(len(sent), len(set(sent)), all(50 < wait <= 60 for wait in waits))"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=CHECKOUT, env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["6", "6", "True"], done.stderr
