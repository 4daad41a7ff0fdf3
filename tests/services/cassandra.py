"""Cassandra from its Maven jars: one small node whose acknowledged writes survive a SIGKILL."""

import signal
import subprocess
import sys
from glob import glob
from pathlib import Path
from string import Template

from tests.services import process
from tests.services.errors import ServiceError
from tests.services.folders import cached, state
from tests.services.packages import ensure
from tests.services.ports import HOST, OFFSET, ask
from tests.services.progress import say

PORT = 9042 + OFFSET
ENV = {"CASSANDRA_URL": f"cassandra://{HOST}:{PORT}/hitledger"}
PROCESSES = ("cassandra",)
STOP = signal.SIGTERM
PACKAGES = ("openjdk-17-jre-headless", "maven")

_VERSION = "5.0.6"
_HERE = Path(__file__).parent
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>hitledger</groupId><artifactId>cassandra-jars</artifactId><version>1</version>
<dependencies><dependency>
<groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>{_VERSION}</version>
</dependency></dependencies></project>
"""


def install() -> None:
    """Install the jars, and a Java on which Cassandra 5.0 runs."""
    ensure(*PACKAGES)
    _jars()


def launch() -> None:
    """Start the daemon in its own session. It writes no pid file itself."""
    folder, jars = state("cassandra"), _jars()
    settings = folder / "cassandra.yaml"
    names = {"folder": folder, "host": HOST, "port": PORT, "node_port": 7000 + OFFSET}
    settings.write_text(Template((_HERE / "cassandra.yaml").read_text()).substitute(names))
    process.spawn("cassandra", [
        _java(), f"@{_HERE / 'cassandra.options'}",
        f"-javaagent:{next(jars.glob('jamm-*.jar'))}",
        f"-Dcassandra.config={settings.as_uri()}",
        f"-Dlogback.configurationFile={(_HERE / 'cassandra-log.xml').as_uri()}",
        f"-Dcassandra.storagedir={folder}",
        "-cp", f"{jars}/*", "org.apache.cassandra.service.CassandraDaemon",
    ])  # fmt: skip


def ready() -> bool:
    """Whether the node answers a request of CQL's protocol. The node opens its port as its last step."""
    return ask(PORT, b"\x04\x00\x00\x00\x05\x00\x00\x00\x00", 5)[4:] == b"\x06"


def _java() -> str:
    # Cassandra 5.0 runs on Java 11 and 17. The Java on the PATH may be newer.
    return sorted(glob("/usr/lib/jvm/java-17-openjdk*/bin/java"))[0]


def _jars() -> Path:
    return cached(f"cassandra-{_VERSION}", _download)


def _download(folder: Path) -> None:
    say(f"downloading Cassandra {_VERSION} (100 jars, 66 MB)")
    pom = folder / "pom.xml"
    pom.write_text(_POM)
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(pom), _COPY, f"-DoutputDirectory={folder}"]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise ServiceError("Maven could not download Cassandra's jars (see above); it needs Maven Central")
