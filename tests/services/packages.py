"""Packages: installs Debian packages whose command is missing, without starting a daemon."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

from tests.services.errors import ServiceError
from tests.services.folders import cache, locked
from tests.services.progress import say

#: Package -> the file or command that shows that it is installed. dpkg doesn't know programs that were installed in
#: other ways.
PROOF = {
    "chromium": "chromium",
    "curl": "curl",
    "wrk": "wrk",
    "maven": "mvn",
    "openjdk-17-jre-headless": "/usr/lib/jvm/java-17-openjdk*/bin/java",
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "pgbouncer": "/usr/sbin/pgbouncer",
    "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "debootstrap": "/usr/sbin/debootstrap",
    "podman": "podman",
    "crun": "crun",
    "haproxy": "/usr/sbin/haproxy",
    "libfaketime": "/usr/lib/*/faketime/libfaketime.so.1",
}
_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_DAEMONS = "#!/bin/sh\nexit 101\n"


def ensure(*names: str) -> None:
    """Install the packages that are missing. If that fails, raise ServiceError with the command to run."""
    with locked(cache() / "packages.lock"):
        missing = [name for name in names if not there(name)]
        if missing:
            say(f"installing {' '.join(missing)}")
            _install(missing)


def there(name: str) -> bool:
    """Whether the package's command or file is on this machine."""
    proof = PROOF[name]
    return bool(glob(proof) if proof.startswith("/") else shutil.which(proof))


def _install(names: list[str]) -> None:
    command = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    root = _root_prefix(command)
    with _daemons_kept_from_starting(root):
        # A bare machine has no package lists yet, and old lists name files that are gone.
        _run([*root, "apt-get", "update"], command)
        _run([*root, "env", "DEBIAN_FRONTEND=noninteractive", *command], command)


def _root_prefix(command: list[str]) -> list[str]:
    if not shutil.which("apt-get"):
        raise ServiceError(f"{' '.join(command[4:])} must be installed by hand: there is no apt-get here")
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    raise ServiceError(f"needs root once; run: sudo {' '.join(command)}")


@contextmanager
def _daemons_kept_from_starting(root: list[str]) -> Iterator[None]:
    """Keep Debian from starting a server on installation, by a policy file that is removed afterwards."""
    if _POLICY.exists():
        yield
        return
    subprocess.run([*root, "tee", str(_POLICY)], input=_NO_DAEMONS, text=True, stdout=subprocess.DEVNULL, check=True)
    try:
        subprocess.run([*root, "chmod", "755", str(_POLICY)], check=True)
        yield
    finally:
        subprocess.run([*root, "rm", "-f", str(_POLICY)], check=True)


def _run(argv: list[str], command: list[str]) -> None:
    """Run apt, with its output on stderr, because stdout is for NAME=value lines."""
    if subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise ServiceError(f"`{' '.join(argv)}` failed (see above); get it with: sudo {' '.join(command)}")
