"""RabbitMQ 4: runs the package of the next Debian in its own root folder, with the deprecated features of 4.3 off.
Needs root."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.services import process
from tests.services.errors import ServiceError
from tests.services.folders import cached, state
from tests.services.packages import ensure
from tests.services.ports import HOST, OFFSET, ask, listening
from tests.services.progress import say

PORT = 5673 + OFFSET
ENV = {"BROKER_URL": f"amqp://guest:guest@{HOST}:{PORT}//"}
PROCESSES = ("rabbitmq4", "epmd4")
STOP = signal.SIGTERM

_SUITE = "trixie"
_EPMD_PORT = 4370 + OFFSET
_CONFIG = f"""
listeners.tcp.1 = {HOST}:{PORT}
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 50MB
deprecated_features.permit.transient_nonexcl_queues = false
"""
_ENVIRONMENT = {
    "HOME": "/srv",
    "HOSTNAME": "localhost",
    "RABBITMQ_NODENAME": "hitledger4@localhost",
    "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    "RABBITMQ_CONFIG_FILE": "/srv/rabbitmq.conf",
    "RABBITMQ_ENABLED_PLUGINS_FILE": "/srv/enabled_plugins",
    "RABBITMQ_MNESIA_BASE": "/srv/data",
    "RABBITMQ_LOG_BASE": "/srv",
    "RABBITMQ_DIST_PORT": str(PORT + 20000),
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    "ERL_EPMD_ADDRESS": HOST,
    "ERL_EPMD_PORT": str(_EPMD_PORT),
    "RUNNING_UNDER_SYSTEMD": "true",
}
# The mounts exist only for this process and end with it.
_INSIDE = (
    'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && mount --bind "$1" "$0/srv" && shift'
    ' && exec chroot "$0" "$@"'
)


def install() -> None:
    """Make the root folder, once."""
    _root()


def launch() -> None:
    """Start Erlang's name server (epmd), then the broker."""
    folder = state("rabbitmq4")
    (folder / "rabbitmq.conf").write_text(_CONFIG)
    (folder / "enabled_plugins").write_text("[].\n")
    if not listening(_EPMD_PORT):
        process.spawn("epmd4", _command(folder, "/usr/bin/epmd", "-address", HOST, "-port", str(_EPMD_PORT)))
    process.spawn("rabbitmq4", _command(folder, "/usr/lib/rabbitmq/bin/rabbitmq-server"), _ENVIRONMENT)


def ready() -> bool:
    """Whether the broker answers AMQP's greeting; see rabbitmq."""
    return ask(PORT, b"AMQP\x00\x00\x09\x01", 1) == b"\x01"


def _command(folder: Path, *words: str) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", _INSIDE, str(_root()), str(folder), *words]


def _root() -> Path:
    return cached(f"{_SUITE}-rabbitmq", _build)


def _build(folder: Path) -> None:
    if os.geteuid() != 0:
        raise ServiceError("RabbitMQ 4 runs in its own root folder, which only root can make")
    ensure("debootstrap")
    say(f"making a root folder with RabbitMQ of Debian {_SUITE}, some minutes")
    command = ["debootstrap", "--variant=minbase", "--include=rabbitmq-server", _SUITE, str(folder)]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        raise ServiceError(f"`{' '.join(command)}` failed (see above)")
