"""Containers: runs the services as containers of compose.yaml, if a Docker daemon answers."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

from tests.services.errors import ServiceError
from tests.services.folders import CHECKOUT, pids

_COMPOSE = ["compose", "--file", str(CHECKOUT / "compose.yaml")]


@functools.cache
def available() -> bool:
    """Whether a Docker daemon answers and has Compose."""
    return bool(shutil.which("docker")) and all(
        subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
        for words in (["info"], ["compose", "version"])
    )


def running(name: str) -> bool:
    """Whether we started a container for the service and it was not stopped."""
    return _mark(name).exists()


def start(name: str) -> None:
    """Start the container, and wait until its health check passes. If it fails, remove it and raise ServiceError."""
    _mark(name).touch()
    try:
        _compose("up", "--detach", "--wait", name)
    except ServiceError:
        _mark(name).unlink()
        subprocess.run(["docker", *_COMPOSE, "rm", "--stop", "--force", name], capture_output=True)
        raise


def stop(name: str) -> None:
    """Stop the container. Its volume keeps the data."""
    _compose("stop", name)
    _mark(name).unlink()


def kill(name: str) -> None:
    """Kill the container (SIGKILL)."""
    _compose("kill", name)
    _mark(name).unlink()


def _compose(*words: str) -> None:
    command = ["docker", *_COMPOSE, *words]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise ServiceError(f"`{' '.join(command)}` failed (see above)")


def _mark(name: str) -> Path:
    return pids() / f"{name}.container"
