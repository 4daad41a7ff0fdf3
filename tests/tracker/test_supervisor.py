"""`make up` on one machine: processes that die are restarted, a second start is refused, and the supervisor ends
promptly."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.running import CHECKOUT, Tracker, family, kill
from tracker.supervisor import FIRST_WAIT, HEALTHY_SECONDS, LONGEST_WAIT, Program


class Up(Tracker):
    """A tracker as `make up` starts it."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tracker.supervisor", "migrate --noinput --verbosity 0", "prepare"]

    def launch(self) -> None:
        with self.log("web").open("ab") as log:
            self.processes["web"] = subprocess.Popen(
                self.command(),
                env=self.env,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o022,
            )
        self.wait_until_up()

    def again(self, **env: str) -> subprocess.CompletedProcess[str]:
        """Start a second time, with some other variables."""
        return subprocess.run(
            self.command(), env={**self.env, **env}, cwd=CHECKOUT, capture_output=True, text=True, timeout=30
        )

    def serving(self) -> int:
        """Return the id of the process that answers requests: the newest descendant of the web process."""
        pids = [pid for pid in family(self.processes["web"].pid) if b"tracker.server" in command_of(pid)]
        return max(pids) if len(pids) > 1 else 0


def command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def answers(url: str) -> bool:
    with suppress(URLError, OSError), urlopen(f"{url}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def wait_for(found: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("up") / "state") as tracker:
        tracker.launch()
        yield tracker


def test_written_files_can_be_read_only_by_the_trackers_user(up: Up) -> None:
    site = up.bootstrap()["site"]
    with urlopen(f"{up.url}/collect?site={site}") as answer:
        assert answer.status == 200
    written = [up.state, *(path for path in up.state.rglob("*") if path.suffix != ".log")]
    assert {"archive", "hitledger.sqlite3", "metrics", "secret_key"} <= {path.name for path in written}
    assert any(path.name.endswith(".jsonl.gz") for path in written)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in written}
    assert {path: mode for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_a_second_start_on_the_same_folder_is_refused_with_one_line_and_changes_nothing(up: Up) -> None:
    counts = {file: file.stat().st_size for file in (up.state / "metrics").glob("*.db")}
    assert counts
    second = up.again()
    assert second.returncode != 0
    (line,) = second.stderr.splitlines()
    assert line.startswith(f"hitledger: HITLEDGER_STATE names {up.state}, where another tracker runs")
    assert {file: file.stat().st_size for file in (up.state / "metrics").glob("*.db")} == counts
    assert answers(up.url)


def test_a_second_start_on_the_same_port_is_refused_with_one_line_and_makes_nothing(up: Up, tmp_path: Path) -> None:
    second = up.again(HITLEDGER_STATE=str(tmp_path))
    assert second.returncode != 0
    (line,) = second.stderr.splitlines()
    assert line.startswith(f"hitledger: PORT {up.port} on 127.0.0.1 can't be listened on")
    assert not (tmp_path / "hitledger.sqlite3").exists()


def test_a_web_process_that_is_killed_repeatedly_is_restarted(up: Up) -> None:
    for _ in range(3):
        wait_for(up.serving)
        kill(up.serving())
        time.sleep(0.7)
    wait_for(lambda: answers(up.url))
    assert up.processes["web"].poll() is None


def test_it_ends_promptly_and_leaves_no_process(up: Up) -> None:
    pids = list(family(up.processes["web"].pid))
    began = time.monotonic()
    up.processes["web"].send_signal(signal.SIGTERM)
    up.processes.pop("web").wait(25)
    assert time.monotonic() - began < 10
    assert [pid for pid in pids if command_of(pid)] == []
    with socket.create_server(("127.0.0.1", up.port)):
        pass


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def starts_of(program: Program, clock: Clock, seconds: int, mark: Path) -> list[int]:
    """Return the seconds at which the process was started, if the supervisor looks once a second."""
    found, lines = [], 0
    for second in range(seconds):
        clock.now = float(second)
        program.update()
        while program._process and program._process.poll() is None:
            time.sleep(0.002)
        if mark.exists() and len(mark.read_text()) > lines:
            lines = len(mark.read_text())
            found.append(second)
    return found


def test_a_process_that_ends_at_once_is_restarted_forever_after_growing_waits(tmp_path: Path) -> None:
    clock, mark = Clock(), tmp_path / "mark"
    program = Program("broken", f"printf x >> {mark}; exit 3", os.open(os.devnull, os.O_RDONLY), clock)
    starts = starts_of(program, clock, 300, mark)
    waits = [after - before for before, after in pairwise(starts)]
    # Each wait is up to two seconds longer: one look sees that the process ended, and a later look sees that the wait
    # is over.
    assert waits[:4] == sorted(waits[:4])
    assert waits[0] <= FIRST_WAIT + 2
    assert set(waits[6:]) <= {LONGEST_WAIT, LONGEST_WAIT + 1, LONGEST_WAIT + 2}
    assert len(starts) > 10


def test_a_process_that_ran_for_long_is_restarted_after_the_first_wait(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    program = Program("web", "exit 1", os.open(os.devnull, os.O_RDONLY), clock)
    for seconds in (0.0, 1.0, 2.0, 2.0 + HEALTHY_SECONDS):
        clock.now = seconds
        program.update()
        while program._process and program._process.poll() is None:
            time.sleep(0.002)
    waits = [line.rpartition(" in ")[2] for line in capfd.readouterr().err.splitlines()]
    assert waits == ["1 s", "1 s"]
