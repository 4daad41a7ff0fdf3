"""Running: starts a tracker as in production: the Procfile's processes, on a free port and with its own state folder.

Tests may kill each process and start it again, as a platform would.
"""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

CHECKOUT = Path(__file__).resolve().parents[1]
#: The variables that select services. An embedded tracker has none of them.
SERVICES = ("DATABASE_URL", "BROKER_URL", "CASSANDRA_URL", "ARCHIVE_URL", "S3_ENDPOINT_URL")
START_SECONDS = 60.0


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def procfile() -> dict[str, str]:
    """Return the Procfile's commands by process name."""
    lines = (CHECKOUT / "Procfile").read_text().splitlines()
    return {name.strip(): command.strip() for name, _, command in (line.partition(":") for line in lines) if command}


@functools.cache
def migrated_database() -> bytes:
    """Return the content of a SQLite file after `manage.py migrate`."""
    with tempfile.TemporaryDirectory(prefix="hitledger-migrated-") as folder:
        tracker = Tracker(Path(folder))
        tracker.manage("migrate", "--noinput", "--verbosity", "0")
        return tracker.database.read_bytes()


class Tracker:
    """The processes of one tracker. `env` has more environment variables. Variables of services are removed, unless
    `services` is true.

    The configuration database is always a SQLite file of this tracker.
    """

    def __init__(self, state: Path, env: Mapping[str, str] | None = None, services: bool = False) -> None:
        self.state = state
        self.port = free_port()
        taken = {"DATABASE_URL"} if services else SERVICES
        inherited = {name: value for name, value in os.environ.items() if name not in taken}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        own = {"HITLEDGER_STATE": str(state), "PORT": str(self.port), "WEB_HOST": "127.0.0.1", "PATH": path}
        self.env = {**inherited, **own, **(env or {})}
        self.commands = procfile()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """The URL of the web process."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The file of the configuration database."""
        return self.state / "hitledger.sqlite3"

    def migrate(self) -> None:
        """Make the tables of a new database by copying a migrated file. `manage.py migrate` would take seconds."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.database.write_bytes(migrated_database())

    def manage(self, *words: str, timeout: float = 300) -> str:
        """Run a command of manage.py and return its output. Raises CalledProcessError."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, env=self.env, cwd=CHECKOUT, timeout=timeout, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def bootstrap(self, *words: str) -> dict[str, Any]:
        """Run `manage.py bootstrap --json` and return the values that it prints."""
        made: dict[str, Any] = json.loads(self.manage("bootstrap", "--json", *words))
        return made

    def start(self, *names: str) -> None:
        """Start these processes of the Procfile. Wait until the web process answers."""
        for name in names:
            with self.log(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    ["sh", "-c", self.commands[name]],
                    env=self.env,
                    cwd=CHECKOUT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if "web" in names:
            self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until the web process answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urlopen(f"{self.url}/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                pass
            if self.processes["web"].poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the web process did not start; its log ends:\n{self.tail('web')}")

    def pids(self, name: str) -> list[int]:
        """Return the ids of a process and its descendants, its own first."""
        return list(family(self.processes[name].pid))

    def kill(self, name: str) -> None:
        """Kill a process and its descendants at once (SIGKILL)."""
        for pid in self.pids(name):
            kill(pid)
        self.processes.pop(name).wait(30)

    def stop(self) -> None:
        """End all processes gracefully (SIGTERM); kill those that don't end."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for name, process in list(self.processes.items()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.processes.clear()

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        self.state.mkdir(parents=True, exist_ok=True)
        return self.state / f"{name}.log"

    def tail(self, name: str) -> str:
        """Return the end of a process's log."""
        return self.log(name).read_text(errors="replace")[-3000:]

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def family(pid: int) -> Iterable[int]:
    """Yield the ids of a process and its descendants, parents first."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield from family(int(child))


def kill(pid: int) -> None:
    """Kill a process (SIGKILL), if it still exists."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used, with its ended children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
