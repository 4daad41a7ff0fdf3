"""Cassandra comes back under the same name with another address, as a container does. Nothing needs a restart."""

import os
import shlex
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings

from tests.conftest import KEYSPACE, needs
from tests.running import Tracker, free_port
from tests.stalling import door

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]
NAME = "cassandra.example"
RECOVERY_SECONDS = 30.0


def with_hosts(command: str, hosts: Path) -> str:
    """Return a command that runs with another /etc/hosts."""
    inside = f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && exec sh -c {shlex.quote(command)}"
    return f"exec unshare --mount sh -c {shlex.quote(inside)}"


def ask(tracker: Tracker, token: str, site: str) -> int:
    """Return the status of a request that needs Cassandra."""
    address = f"{tracker.url}/api/visitors?site={site}&visitor=ann"
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def wait_for(tracker: Tracker, token: str, site: str, status: int) -> None:
    """Wait until the request has this status."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while (found := ask(tracker, token, site)) != status:
        assert time.monotonic() < deadline, f"{found} for {RECOVERY_SECONDS:.0f} s:\n{tracker.tail('web')}"
        time.sleep(0.5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a process another /etc/hosts")
def test_a_cassandra_that_comes_back_with_another_address_is_found_by_its_name(tmp_path: Path) -> None:
    needs("CASSANDRA_URL")
    parts, port, hosts = urlsplit(settings.CASSANDRA_URL), free_port(), tmp_path / "hosts"
    real = parts.hostname or "", parts.port or 9042
    env = {"CASSANDRA_URL": f"cassandra://{NAME}:{port}/{KEYSPACE}", "DATABASE_URL": "", "BROKER_URL": ""}
    with Tracker(tmp_path / "state", env, services=True) as tracker:
        tracker.commands["web"] = with_hosts(tracker.commands["web"], hosts)
        tracker.migrate()
        made = tracker.bootstrap()
        who = made["report_token"], made["site"]
        with door(*real, own=("127.0.0.2", port)):
            hosts.write_text(f"127.0.0.2 {NAME}\n")
            tracker.start("web")
            assert ask(tracker, *who) == 200
        wait_for(tracker, *who, status=503)
        with door(*real, own=("127.0.0.3", port)):
            assert ask(tracker, *who) == 503, "the name still leads to the old address"
            hosts.write_text(f"127.0.0.3 {NAME}\n")
            wait_for(tracker, *who, status=200)
