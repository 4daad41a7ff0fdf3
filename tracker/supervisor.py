"""Supervisor: runs the processes of the Procfile on one machine, and starts a process again when it ends.

`python -m tracker.supervisor COMMAND...` first runs these commands of `manage.py`. If another tracker uses the same
folder or port, this supervisor ends with one line and changes nothing. After SIGTERM or SIGINT all processes end within
25 seconds.
"""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tracker import settings
from tracker.environment import BadSetting

#: The seconds before a process is started again: at first, and at most. The wait doubles each time.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: A process that ran for this many seconds was healthy. The first wait applies again when it ends.
HEALTHY_SECONDS = 60.0
#: After SIGTERM, processes have this many seconds to end.
STOP_SECONDS = 25.0
PAUSE_SECONDS = 0.1


class Program:
    """One process of the Procfile, which runs or waits for its next start."""

    def __init__(self, name: str, command: str, lock: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._command = command
        self._lock = lock
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = clock()
        self._wait = FIRST_WAIT

    def update(self) -> None:
        """Start the process if its time has come. If it has ended, set the time of its next start. Call this again and
        again."""
        now = self._clock()
        if self._process is None:
            if now >= self._start_at:
                self._start(now)
        elif self._process.poll() is not None:
            self._plan(now, self._process.returncode)

    def terminate(self) -> None:
        """Send SIGTERM to the process."""
        if self._process:
            self._process.terminate()

    def has_ended(self) -> bool:
        """Whether the process has ended, or was never started."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """Kill the process and its children, if they still run."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _start(self, now: float) -> None:
        # The process gets its own session. Ctrl-C then reaches only the supervisor. Each process inherits the lock, and
        # the lock is held until the last process ends.
        shell = ["/bin/sh", "-c", self._command]
        self._process = subprocess.Popen(  # noqa: S603
            shell, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=(self._lock,)
        )
        self._started_at = now

    def _plan(self, now: float, code: int) -> None:
        self.kill()
        if now - self._started_at >= HEALTHY_SECONDS:
            self._wait = FIRST_WAIT
        report(f"{self.name} ended with {code} and starts again in {self._wait:.0f} s")
        self._start_at = now + self._wait
        self._wait = min(self._wait * 2, LONGEST_WAIT)


def report(line: str) -> None:
    """Print a line to stderr, for the operator."""
    print(f"hitledger: {line}", file=sys.stderr, flush=True)  # noqa: T201


def take_lock(folder: Path) -> int:
    """Lock the state folder, and return the file descriptor of the lock. Raises BadSetting if another supervisor or one
    of its processes holds the lock."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadSetting("HITLEDGER_STATE", f"names {folder}, where another tracker runs; end it first") from None
    return lock


def check_port(host: str, port: int) -> None:
    """Check that no other program listens on the port. Raises BadSetting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            raise BadSetting("PORT", f"{port} on {host} can't be listened on: {error.strerror}") from None


def clear_metrics(folder: Path) -> None:
    """Delete the files with counts that processes of an earlier run left."""
    for kind in ("counter", "histogram"):
        for file in folder.glob(f"{kind}_*.db"):
            file.unlink(missing_ok=True)


def read_commands(procfile: str) -> dict[str, str]:
    """Read the commands in the Procfile's text: {"web": "python -m tracker.server", ...}."""
    return dict(re.findall(r"^(\w+): (.+)$", procfile, re.MULTILINE))


def supervise(programs: Iterable[Program], stopped: Callable[[], bool]) -> None:
    """Run the programs until `stopped` returns true. Then end all of them."""
    while not stopped():
        for program in programs:
            program.update()
        time.sleep(PAUSE_SECONDS)
    for program in programs:
        program.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and not all(program.has_ended() for program in programs):
        time.sleep(PAUSE_SECONDS)
    for program in programs:
        program.kill()


def run_command(words: list[str], lock: int, stopped: Callable[[], bool]) -> int:
    """Run a command of `manage.py`, given as words, and return its exit code. If `stopped` returns true, end the
    command early. `lock`: the state folder's lock, which the command inherits."""
    with subprocess.Popen([sys.executable, "manage.py", *words], pass_fds=(lock,)) as process:  # noqa: S603
        while process.poll() is None:
            if stopped():
                process.terminate()
            time.sleep(PAUSE_SECONDS)
        return process.returncode


def main(commands: Iterable[str]) -> None:
    """Run the commands of `manage.py`, then the processes of the Procfile until SIGTERM or SIGINT."""
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: signals.append(received))
    lock = take_lock(settings.STATE_DIR)
    check_port(settings.WEB_HOST, settings.PORT)
    clear_metrics(settings.METRICS_DIR or settings.STATE_DIR / "metrics")
    for command in commands:
        if code := run_command(command.split(), lock, lambda: bool(signals)):
            sys.exit(code)
    # Without a broker a hit is processed before its answer, and there is nothing for a worker to do.
    names = ("web", "beat", "worker") if settings.BROKER_URL else ("web", "beat")
    lines = read_commands((settings.BASE_DIR / "Procfile").read_text())
    supervise([Program(name, lines[name], lock) for name in names], lambda: bool(signals))


if __name__ == "__main__":
    main(sys.argv[1:])
