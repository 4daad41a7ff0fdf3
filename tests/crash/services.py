"""A separate set of services for crash tests, which kill, stall and block them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from tests.running import CHECKOUT
from tests.services.ports import listening

NAMES = ("rabbitmq", "cassandra", "s3")
#: RabbitMQ, its node's port and epmd; Cassandra and its node's port; S3.
BASE_PORTS = (5672, 25672, 4369, 9042, 7000, 7070)


def free_offset() -> int:
    """Return a number to add to the services' ports, with which all ports are free."""
    return next(offset for offset in range(1100, 7000, 100) if not any(listening(port + offset) for port in BASE_PORTS))


class OwnServices:
    """RabbitMQ, Cassandra and S3 with their data in `folder`, on free ports."""

    def __init__(self, folder: Path) -> None:
        offset = str(free_offset())
        self._own = {**os.environ, "HITLEDGER_SERVICES": str(folder), "HITLEDGER_PORT_OFFSET": offset}

    def tell(self, *words: str) -> str:
        """Run a command of `python -m tests.services`, and return its output. Raises CalledProcessError; the reason is
        on stderr."""
        command = [sys.executable, "-m", "tests.services", *words]
        done = subprocess.run(command, env=self._own, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def log(self, name: str) -> str:
        """Return the log of a service."""
        return (Path(self._own["HITLEDGER_SERVICES"]) / "logs" / f"{name}.log").read_text(errors="replace")

    def start(self, *names: str) -> None:
        """Start services, and wait until they answer."""
        self.tell("start", *(names or NAMES))

    def kill(self, *names: str) -> None:
        """Kill services (SIGKILL)."""
        self.tell("kill", *(names or NAMES))

    def stop(self) -> None:
        """Stop all services. Their data stay in the folder."""
        self.tell("stop", *NAMES)

    def make_room(self) -> dict[str, str]:
        """Make a vhost, keyspace and prefix for one tracker; return the variables that select them."""
        name = f"crash_{uuid4().hex[:12]}"
        env = dict(line.split("=", 1) for line in self.tell("env").splitlines())
        self.tell("broker", "add_vhost", name)
        self.tell("broker", "set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        changes: Mapping[str, str] = {
            "BROKER_URL": env["BROKER_URL"].removesuffix("//") + f"/{name}",
            "CASSANDRA_URL": env["CASSANDRA_URL"].rpartition("/")[0] + f"/{name}",
            "ARCHIVE_URL": f"{env['ARCHIVE_URL'].rpartition('/')[0]}/{name}",
        }
        return {**env, **changes}

    def waiting_messages(self, env: Mapping[str, str]) -> dict[str, int]:
        """Return the number of messages in each queue of a tracker, unacknowledged ones included."""
        vhost = env["BROKER_URL"].rpartition("/")[2]
        listed = self.tell("broker", "list_queues", "-p", vhost, "--no-table-headers", "name", "messages")
        return {name: int(count) for name, count in (line.split("\t") for line in listed.splitlines())}

    def __enter__(self) -> "OwnServices":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
