"""`python3 -m tests.services COMMAND [NAME...]`: starts and stops the services of the tests, and installs tools. It
needs only Python.

`broker WORD...` runs `rabbitmqctl WORD...` on our RabbitMQ.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.services import control, process, rabbitmq
from tests.services.control import DEFAULT, SERVICES
from tests.services.errors import ServiceError
from tests.services.packages import ensure
from tests.services.ports import listening
from tests.services.progress import say


def install(names: Sequence[str]) -> None:
    """Install the services and tools that the tests need, without starting them."""
    ensure(*(name for name in TOOLS if name in (names or TOOLS)))
    for name in SERVICES:
        if name in (names or SERVICES):
            SERVICES[name].install()


def start(names: Sequence[str]) -> None:
    """Start services in parallel, and print the variables that select them."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(control.start, names or DEFAULT))
    env(names)


def stop(names: Sequence[str]) -> None:
    """Stop the services that were started by this program."""
    for name in names or SERVICES:
        if control.owned(name):
            say(f"{name}: stopping")
        control.stop(name)


def restart(names: Sequence[str]) -> None:
    """Stop services and start them again, with their data."""
    for name in names:
        control.restart(name)


def kill(names: Sequence[str]) -> None:
    """Kill services at once (SIGKILL)."""
    for name in names:
        control.kill(name)


def pause(names: Sequence[str]) -> None:
    """Stall services: their ports stay open, but nothing answers."""
    for name in names:
        control.pause(name)


def resume(names: Sequence[str]) -> None:
    """Resume stalled services."""
    for name in names:
        control.resume(name)


def broker(words: Sequence[str]) -> None:
    """Run rabbitmqctl and print its output."""
    print(rabbitmq.command(*words), end="")


def status(names: Sequence[str]) -> None:
    """Print one line for each service."""
    for name in names or SERVICES:
        print(f"{name:10} {_condition(name)}")


def env(names: Sequence[str]) -> None:
    """Print the variables that select services, as NAME=value lines."""
    for name in names or DEFAULT:
        for variable, value in SERVICES[name].ENV.items():
            print(f"{variable}={value}")


def _condition(name: str) -> str:
    port = SERVICES[name].PORT
    if not listening(port):
        return "starting" if control.owned(name) else "stopped"
    if not control.owned(name):
        return f"listens on port {port}, not started here"
    return f"listens on port {port}, started here (pid {process.running(name) or 'of a container'})"


#: Programs that tests and benchmarks need besides the services.
TOOLS = ("chromium", "curl", "haproxy", "libfaketime", "pgbouncer", "wrk")
NEED_NAMES = ("restart", "kill", "pause", "resume", "broker")
COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    command.__name__: command for command in (install, start, stop, restart, kill, pause, resume, broker, status, env)
}


def main() -> int:
    """Run one command. If something isn't available, print why on stderr and exit with 1."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.services", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs=argparse.REMAINDER, metavar="NAME", help=f"of {', '.join(SERVICES)}")
    words = parser.parse_args()
    known = (*SERVICES, *(TOOLS if words.command == "install" else ()))
    if words.command != "broker" and (unknown := set(words.names) - set(known)):
        parser.error(f"no such service: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if words.command in NEED_NAMES and not words.names:
        parser.error(f"{words.command} needs the name of a service")
    try:
        COMMANDS[words.command](words.names)
    except ServiceError as error:
        print(f"hitledger: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
