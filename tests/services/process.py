"""Process: starts processes that outlive this program, and ends only those. A pid file has the pid and the process's
start time."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.errors import ServiceError
from tests.services.folders import logs, pids, state

# The shell exits at once. The service then belongs to init and never becomes our zombie.
_DETACHED = 'setsid "$@" </dev/null >>"$0" 2>&1 & echo $!'


def spawn(name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Start a command in its own session. Its output goes to the log file of this name."""
    shell = ["sh", "-c", _DETACHED, str(log_file(name)), *argv]
    answer = subprocess.run(
        shell,
        env={**os.environ, **(env or {})},
        cwd=state(name),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    pid = int(answer.stdout)
    _pid_file(name).write_text(f"{pid} {_birth(pid)}\n")


def running(name: str) -> int | None:
    """Return the pid of the process of this name, if we started it and it still runs."""
    try:
        pid, birth = _pid_file(name).read_text().split(maxsplit=1)
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if birth.strip() and birth.strip() == _birth(int(pid)) else None


def end(name: str, by: signal.Signals, seconds: float = 60) -> None:
    """Send a signal, and wait until the process is gone. Do nothing if we don't run it."""
    pid = running(name)
    if pid is not None:
        os.kill(pid, by)
        _wait_gone(name, pid, seconds)
    _pid_file(name).unlink(missing_ok=True)


def log_file(name: str) -> Path:
    """Return the log file of the process of this name."""
    return logs() / f"{name}.log"


def _wait_gone(name: str, pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while running(name) == pid:
        if time.monotonic() > deadline:
            raise ServiceError(f"{name} (pid {pid}) did not end within {seconds:.0f} s; see {log_file(name)}")
        time.sleep(0.05)


def _birth(pid: int) -> str:
    """Return when a process started: the ticks since boot, and the id of the boot. Return "" if the process is a zombie
    or gone. If another process gets the same pid later, its text differs."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "" if fields[0] in "ZX" else f"{fields[19]} {boot}"


def _pid_file(name: str) -> Path:
    return pids() / f"{name}.pid"
