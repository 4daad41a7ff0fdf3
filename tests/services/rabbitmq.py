"""RabbitMQ: runs Debian's package as the current user, with its own node name, cookie and epmd."""

import os
import signal
import subprocess
from pathlib import Path
from string import Template

from tests.services import process
from tests.services.errors import ServiceError
from tests.services.folders import state
from tests.services.packages import ensure
from tests.services.ports import HOST, OFFSET, ask, listening

PORT = 5672 + OFFSET
ENV = {"BROKER_URL": f"amqp://guest:guest@{HOST}:{PORT}//"}
PROCESSES = ("rabbitmq", "epmd")
STOP = signal.SIGTERM
PACKAGES = ("rabbitmq-server",)

# The command in /usr/sbin switches to a user who can't read every checkout. This one doesn't.
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
_CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
_CONFIG = Path(__file__).with_name("rabbitmq.conf")
_EPMD_PORT = 4369 + OFFSET


def install() -> None:
    """Install the broker and Erlang."""
    ensure(*PACKAGES)


def launch() -> None:
    """Start Erlang's name server (epmd), then the broker. Otherwise the broker would start an epmd that never ends."""
    if not listening(_EPMD_PORT):
        process.spawn("epmd", ["epmd", "-address", HOST, "-port", str(_EPMD_PORT)])
    process.spawn("rabbitmq", [_SERVER], _environment(state("rabbitmq")))


def ready() -> bool:
    """Whether the broker answers AMQP's greeting. The broker opens its port as its last step."""
    return ask(PORT, b"AMQP\x00\x00\x09\x01", 1) == b"\x01"


def command(*words: str) -> str:
    """Run `rabbitmqctl` on our broker and return its output. Raises ServiceError."""
    env = {**os.environ, **_environment(state("rabbitmq"))}
    done = subprocess.run(
        [_CONTROL, "--quiet", *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise ServiceError(f"rabbitmqctl {words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _environment(folder: Path) -> dict[str, str]:
    plugins, config = folder / "enabled_plugins", folder / "rabbitmq.conf"
    plugins.write_text("[].\n")
    config.write_text(Template(_CONFIG.read_text()).substitute(host=HOST, port=PORT))
    return {
        "HOME": str(folder),  # the Erlang cookie
        "HOSTNAME": "localhost",
        "RABBITMQ_NODENAME": "hitledger@localhost",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # not the settings of Debian's own broker
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_DIST_PORT": str(PORT + 20000),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": HOST,
        "ERL_EPMD_PORT": str(_EPMD_PORT),
        # The script becomes the broker instead of starting it, so that the pid file has the broker's pid.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
