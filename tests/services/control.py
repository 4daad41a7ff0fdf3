"""Control: starts, stops, restarts and kills services by name. A service that already listens is used as it is."""

import os
import signal
import time
from collections.abc import Mapping
from typing import Protocol

from tests.services import cassandra, containers, postgres, process, rabbitmq, rabbitmq4, s3
from tests.services.errors import ServiceError
from tests.services.folders import locked, pids
from tests.services.ports import OFFSET, listening
from tests.services.progress import say

_PATIENCE = 120.0


class Service(Protocol):
    """What each service's module provides: its port, the variables that select it, and how to install and start it."""

    @property
    def PORT(self) -> int: ...

    @property
    def ENV(self) -> Mapping[str, str]: ...

    @property
    def PROCESSES(self) -> tuple[str, ...]:
        """The names of its processes, the service itself first."""

    @property
    def STOP(self) -> signal.Signals:
        """The signal that ends it gracefully."""

    def install(self) -> None:
        """Download and build what is missing."""

    def launch(self) -> None:
        """Start the processes, and return at once."""

    def ready(self) -> bool:
        """Whether the service answers in its own protocol."""


SERVICES: dict[str, Service] = {
    "rabbitmq": rabbitmq,
    "cassandra": cassandra,
    "s3": s3,
    "postgres": postgres,
    "rabbitmq4": rabbitmq4,
}
DEFAULT = ("rabbitmq", "cassandra", "s3")


def start(name: str) -> None:
    """Start the service unless it runs already, and wait until it answers. Raises ServiceError."""
    service, began = SERVICES[name], time.monotonic()
    with locked(pids() / f"{name}.lock"):
        if listening(service.PORT):
            say(f"{name}: already listens on port {service.PORT}, used as it is")
        elif not owned(name):
            _bring_up(name, service)
        _wait_ready(name, service)
    say(f"{name}: ready after {time.monotonic() - began:.1f} s")


def stop(name: str) -> None:
    """End the service gracefully, if we started it. Its data stay."""
    _end(name, SERVICES[name].STOP)


def kill(name: str) -> None:
    """Kill the service (SIGKILL), if we started it."""
    _end(name, signal.SIGKILL)


def pause(name: str) -> None:
    """Stall the service (SIGSTOP): its port stays open, but nothing answers. Containers can't be stalled."""
    _send(name, signal.SIGSTOP)


def resume(name: str) -> None:
    """Let a stalled service go on (SIGCONT)."""
    _send(name, signal.SIGCONT)


def restart(name: str) -> None:
    """Stop the service and start it again, with its data. Raises ServiceError if we didn't start it."""
    if not owned(name) and listening(SERVICES[name].PORT):
        raise ServiceError(f"{name} was not started here, so it can't be restarted here")
    stop(name)
    start(name)


def owned(name: str) -> bool:
    """Whether we started the service and it still runs."""
    return containers.running(name) or process.running(name) is not None


def _bring_up(name: str, service: Service) -> None:
    # compose.yaml has only one set of ports and volumes.
    if not OFFSET and containers.available() and _contained(name):
        return
    service.install()
    say(f"{name}: starting")
    service.launch()


def _contained(name: str) -> bool:
    """Whether the service runs as a container. If the daemon can't get the image, the service can still run as a
    process."""
    try:
        containers.start(name)
    except ServiceError as error:
        say(f"{name}: {error}; starting it without a container")
        return False
    return True


def _wait_ready(name: str, service: Service) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not service.ready():
        if not owned(name) and not listening(service.PORT):
            raise ServiceError(
                f"{name} ended while it started; its log, {process.log_file(name)}, ends:\n{_tail(name)}"
            )
        if time.monotonic() > deadline:
            raise ServiceError(f"{name} did not answer on port {service.PORT} within {_PATIENCE:.0f} s\n{_tail(name)}")
        time.sleep(0.1)


def _end(name: str, by: signal.Signals) -> None:
    if containers.running(name):
        (containers.kill if by is signal.SIGKILL else containers.stop)(name)
    for part in SERVICES[name].PROCESSES:
        process.end(part, by)


def _send(name: str, what: signal.Signals) -> None:
    pid = process.running(SERVICES[name].PROCESSES[0])
    if pid is None:
        raise ServiceError(f"{name} doesn't run as a process that was started here")
    os.kill(pid, what)


def _tail(name: str) -> str:
    log = process.log_file(name)
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""
