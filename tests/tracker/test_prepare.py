"""Prepare: makes what the services need, any number of times. A service that is away is waited for, then named."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.running import CHECKOUT, SERVICES, free_port


def start(state: Path, *words: str, services: bool = False, **env: str) -> subprocess.Popen[str]:
    taken = {"DATABASE_URL"} if services else SERVICES
    inherited = {name: value for name, value in os.environ.items() if name not in taken}
    return subprocess.Popen(
        [sys.executable, "manage.py", "prepare", *words],
        cwd=CHECKOUT,
        env={**inherited, "HITLEDGER_STATE": str(state), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def prepare(state: Path, *words: str, services: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
    with start(state, *words, services=services, **env) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_an_embedded_tracker_makes_the_archives_folder(tmp_path: Path) -> None:
    for _ in range(2):
        done = prepare(tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (tmp_path / "archive").is_dir()


def test_a_folder_that_cannot_be_made_is_named_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = prepare(tmp_path, "--wait", "0", ARCHIVE_URL=f"file://{tmp_path}/file/archive")
    assert done.returncode == 1
    assert "The archive can't be used" in done.stderr
    assert "ARCHIVE_URL says where it is" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "url", "service"),
    [
        ("DATABASE_URL", "postgres://nobody:x@127.0.0.1:{port}/none", "database"),
        ("BROKER_URL", "amqp://guest:guest@127.0.0.1:{port}/", "queue"),
        ("CASSANDRA_URL", "cassandra://127.0.0.1:{port}/none", "store"),
    ],
)
def test_a_service_that_stays_away_is_named_at_the_end(variable: str, url: str, service: str, tmp_path: Path) -> None:
    began = time.monotonic()
    done = prepare(tmp_path, "--wait", "2", **{variable: url.format(port=free_port())})
    assert done.returncode == 1
    waiting, *_, last = done.stderr.strip().splitlines()
    assert waiting.startswith(f"waiting for the {service} ({variable}): ")
    assert f"The {service} can't be used" in last
    assert variable in last
    assert "Traceback" not in done.stderr
    assert 2 <= time.monotonic() - began < 20


def test_an_unresolvable_host_is_waited_for_too(tmp_path: Path) -> None:
    done = prepare(tmp_path, "--wait", "1", CASSANDRA_URL="cassandra://no.such.host.invalid/none")
    assert done.returncode == 1
    for line in done.stderr.strip().splitlines():
        assert "Cassandra: no host of CASSANDRA_URL can be resolved" in line


def test_a_service_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    in_the_way = tmp_path / "disk"
    in_the_way.write_text("not mounted yet")
    with start(tmp_path, ARCHIVE_URL=f"file://{in_the_way}/archive") as process:
        assert process.stderr
        assert "waiting for the archive (ARCHIVE_URL)" in process.stderr.readline()
        in_the_way.unlink()
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert (in_the_way / "archive").is_dir()


@pytest.mark.services
def test_the_real_services_can_be_prepared_repeatedly(tmp_path: Path) -> None:
    for name in ("BROKER_URL", "CASSANDRA_URL", "ARCHIVE_URL"):
        needs(name)
    for _ in range(2):
        done = prepare(tmp_path, services=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
