"""PostgreSQL: runs Debian's package with a cluster of its own, beside any that Debian runs."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from glob import glob
from pathlib import Path

from tests.services import process
from tests.services.errors import ServiceError
from tests.services.folders import state
from tests.services.packages import ensure
from tests.services.ports import HOST, OFFSET, ask
from tests.services.progress import say

PORT = 5433 + OFFSET
NAME = "hitledger"
ENV = {"DATABASE_URL": f"postgres://{NAME}:{NAME}@{HOST}:{PORT}/{NAME}"}
PROCESSES = ("postgres",)
STOP = signal.SIGINT  # SIGINT closes the clients' connections; SIGTERM would wait for them.
PACKAGES = ("postgresql",)

# A request for TLS. A server that accepts connections answers it with S or N.
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


def install() -> None:
    """Install the server."""
    ensure(*PACKAGES)


def launch() -> None:
    """Start the server. The first start makes a new cluster. The server listens only on the port, and on no socket
    file."""
    folder = _folder()
    if not (folder / "data").exists():
        _make_cluster(folder)
    options = ["-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=", "-p", str(PORT)]
    process.spawn("postgres", [*_as_postgres(), _program("postgres"), "-D", str(folder / "data"), *options])


def ready() -> bool:
    """Whether the server accepts connections."""
    return ask(PORT, _SSL_REQUEST, 1) in (b"S", b"N")


def _make_cluster(folder: Path) -> None:
    """Make a cluster with our user and database. It is complete or absent, never partial."""
    say("making a PostgreSQL cluster")
    fresh = folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    password = folder / "password"
    password.write_text(NAME)
    _give_to_postgres(password)  # a caller's umask may let only us read it
    _run(["initdb", "-D", str(fresh), "-U", NAME, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"])
    _run(["postgres", "--single", "-D", str(fresh), "postgres"], f"CREATE DATABASE {NAME}\n")
    fresh.rename(folder / "data")


def _folder() -> Path:
    """Return the folder of the cluster. PostgreSQL refuses to run as root, and its own user can't reach every
    checkout."""
    folder = state("postgres")
    if os.geteuid() != 0:
        return folder
    if not _reachable(folder):
        tag = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = Path(pwd.getpwnam("postgres").pw_dir) / f"{NAME}-{tag}"
        folder.mkdir(exist_ok=True)
    _give_to_postgres(folder)
    return folder


def _give_to_postgres(path: Path) -> None:
    """Make the user postgres the owner, if we are root. Only root can do that."""
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")


def _reachable(folder: Path) -> bool:
    return subprocess.run([*_as_postgres(), "test", "-x", str(folder)], cwd="/").returncode == 0


def _as_postgres() -> list[str]:
    """Return the command line that runs a command as the user postgres, if we are root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _run(command: list[str], text: str = "") -> None:
    argv = [*_as_postgres(), _program(command[0]), *command[1:]]
    if subprocess.run(argv, input=text, text=True, stdout=sys.stderr, cwd="/", env=_plain_env()).returncode != 0:
        raise ServiceError(f"`{command[0]}` could not make the PostgreSQL cluster (see above)")


def _plain_env() -> dict[str, str]:
    # initdb fails with a locale of the caller that the server doesn't know.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _program(name: str) -> str:
    return sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"))[-1]
