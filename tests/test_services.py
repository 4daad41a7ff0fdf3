"""`python3 -m tests.services`: stdout has only NAME=value lines, and it ends only its own processes."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import packages, process
from tests.services.control import SERVICES
from tests.services.errors import ServiceError
from tests.services.ports import ask, listening

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITLEDGER_SERVICES", str(tmp_path / "services"))


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.services", *words], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )


def test_env_prints_the_variables_that_select_the_services_and_nothing_else() -> None:
    lines = command("env").stdout.splitlines()
    assert lines[:4] == [
        "BROKER_URL=amqp://guest:guest@127.0.0.1:5672//",
        "CASSANDRA_URL=cassandra://127.0.0.1:9042/hitledger",
        "ARCHIVE_URL=s3://hitledger/hits",
        "S3_ENDPOINT_URL=http://127.0.0.1:7070",
    ]
    assert all(re.fullmatch(r"[A-Z0-9_]+=\S+", line) for line in lines)


def test_env_of_one_service_prints_only_its_variables() -> None:
    assert command("env", "postgres").stdout == "DATABASE_URL=postgres://hitledger:hitledger@127.0.0.1:5433/hitledger\n"


def test_a_second_set_of_services_has_its_own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITLEDGER_PORT_OFFSET", "1000")
    lines = command("env", "rabbitmq", "cassandra", "postgres").stdout.splitlines()
    assert lines == [
        "BROKER_URL=amqp://guest:guest@127.0.0.1:6672//",
        "CASSANDRA_URL=cassandra://127.0.0.1:10042/hitledger",
        "DATABASE_URL=postgres://hitledger:hitledger@127.0.0.1:6433/hitledger",
    ]


def test_a_service_that_does_not_run_cannot_be_stalled() -> None:
    answer = command("pause", "rabbitmq")
    assert answer.returncode == 1
    assert "rabbitmq doesn't run as a process that was started here" in answer.stderr


def test_status_prints_one_line_for_each_service() -> None:
    lines = command("status").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(SERVICES)
    assert all("stopped" in line or "listens on port" in line for line in lines)


def test_a_service_that_others_started_is_not_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert listening(port)
        assert command("stop").returncode == 0
        assert listening(port)


def test_an_unknown_service_is_named_with_the_known_ones() -> None:
    answer = command("start", "redis")
    assert answer.returncode == 2
    assert "no such service: redis; there are rabbitmq, cassandra, s3, postgres" in answer.stderr
    assert answer.stdout == ""


def test_a_process_is_known_until_it_ends() -> None:
    process.spawn("sleeper", ["sleep", "60"])
    assert process.running("sleeper") is not None
    process.end("sleeper", signal.SIGTERM)
    assert process.running("sleeper") is None


def test_a_pid_file_of_another_boot_ends_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "services" / "pids"
    folder.mkdir(parents=True)
    (folder / "rabbitmq.pid").write_text(f"{os.getpid()} 1 another-boot\n")
    assert process.running("rabbitmq") is None
    process.end("rabbitmq", signal.SIGKILL)  # would end this test if the pid file were believed


def test_a_package_that_needs_root_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages.PROOF, "maven", "/nowhere/mvn")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServiceError, match="maven must be installed by hand: there is no apt-get here"):
        packages.ensure("maven")


def test_a_silent_port_gives_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert ask(port, b"hello", 1) == b""


def test_make_prints_only_what_the_services_print() -> None:
    recipe = subprocess.run(["make", "-n", "services"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60).stdout
    assert recipe.splitlines()[-1] == "python -m tests.services start"
    assert "Entering directory" not in recipe
