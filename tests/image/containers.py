"""Containers: runs podman with separate storage, without a daemon and cgroups; and makes a base image from Debian
packages."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.running import CHECKOUT
from tests.services.errors import ServiceError
from tests.services.folders import cache, cached
from tests.services.packages import ensure

SUITE = "bookworm"
BASE = f"localhost/hitledger-{SUITE}"
IMAGE = "localhost/hitledger"
#: The authority that pip trusts in a build, if this machine trusts its own.
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# Podman needs cgroups of one kind, and some machines have a mixture. Containers here have none.
_PODMAN = (
    'mount -t tmpfs none /sys/fs/cgroup; exec podman --root "$0/root" --runroot "$0/run"'
    ' --storage-driver overlay --runtime crun --cgroup-manager cgroupfs "$@"'
)
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


def podman(*words: str) -> list[str]:
    """Return the command line of podman with these arguments."""
    return ["unshare", "--mount", "sh", "-c", _PODMAN, str(cache() / "podman"), *words]


def tell(*words: str) -> str:
    """Run a command and return its output. Raises CalledProcessError; the reason is on stderr."""
    return subprocess.run(podman(*words), stdout=subprocess.PIPE, text=True, check=True).stdout


def make_image() -> None:
    """Build the image by `make image`, on a base that we made."""
    if os.geteuid() != 0:
        raise ServiceError("the image is built in root folders, which only root can make")
    ensure("debootstrap", "podman", "crun")
    if not tell("images", "--quiet", BASE).strip():
        make_base()
    with tempfile.TemporaryDirectory(prefix="hitledger-image-") as folder:
        config, builder = Path(folder, "pip.conf"), Path(folder, "podman")
        config.write_text("[global]\ncert = /run/authorities.pem\n")
        builder.write_text('#!/bin/sh\nexec "$@"\n'.replace('"$@"', " ".join([*map(quote, podman()), '"$@"'])))
        builder.chmod(0o755)
        given = ("--isolation", "chroot", "--network", "host", "--layers", *LIMITS, "--build-arg", f"BASE={BASE}")
        files = {config: "/etc/pip.conf", AUTHORITIES: "/run/authorities.pem"}
        volumes = [word for here, there in files.items() for word in ("--volume", f"{here}:{there}:ro")]
        command = ["make", "image", f"BUILDER={builder}", f"IMAGE={' '.join([*given, *volumes])}"]
        subprocess.run(command, cwd=CHECKOUT, stdout=sys.stderr, check=True)


def quote(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def make_base() -> None:
    """Make a base image from Debian's packages."""
    folder = cached(f"{SUITE}-base", _bootstrap)
    packed = subprocess.Popen(["tar", "--create", "--directory", str(folder), "."], stdout=subprocess.PIPE)
    subprocess.run(podman("import", "-", BASE), stdin=packed.stdout, stdout=sys.stderr, check=True)
    assert packed.wait() == 0


def _bootstrap(folder: Path) -> None:
    command = ["debootstrap", "--variant=minbase", SUITE, str(folder)]
    subprocess.run(command, stdout=sys.stderr, check=True)


@contextmanager
def container(name: str, *options: str, command: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Run a container on this machine's network that may write only to its state. End it by SIGTERM."""
    words = ("run", "--rm", "--name", name, "--network", "host", "--cgroups", "disabled", "--read-only", *LIMITS)
    caps = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    with subprocess.Popen(podman(*words, *caps, *options, IMAGE, *command)) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)
