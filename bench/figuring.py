"""`make bench-figures`: measures what reports, rollups and replays cost on both stores; `make soak-rollups`: measures
whether a worker's memory stays flat.

`make bench-figures FIGURES="--store sqlite --scale 0.1 hot"` measures less.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.growing import cassandra_url
from tests.crash.services import OwnServices
from tests.running import CHECKOUT, Tracker

HEAD = """\
| figure | store | was | wanted | clock | CPU | Cassandra's CPU | x yardstick | |
|---|---|---:|---:|---:|---:|---:|---:|---|"""
STORES = ("sqlite", "cassandra")


def measure(state: Path, changes: Mapping[str, str], words: Sequence[str]) -> None:
    """Run a module, with its arguments, on a separate tracker in this folder. `changes` are more environment
    variables."""
    tracker = Tracker(state, {name: value for name, value in changes.items() if name == "CASSANDRA_URL"})
    tracker.manage("migrate", "--noinput", "--verbosity", "0")
    tracker.manage("prepare")
    command = [sys.executable, "-m", *words]
    env = {**tracker.env, **changes, "DJANGO_SETTINGS_MODULE": "tracker.settings"}
    subprocess.run(command, env=env, cwd=CHECKOUT, check=True)


def bucket(services: OwnServices) -> dict[str, str]:
    """Return the environment variables of the bucket in which the archive is measured."""
    env = dict(line.split("=", 1) for line in services.tell("env", "s3").splitlines())
    return {"BENCH_ARCHIVE_URL": env.pop("ARCHIVE_URL"), **env}


def node(services: OwnServices, folder: Path) -> dict[str, str]:
    """Return the environment variables of the Cassandra to measure: its address and process id."""
    pid = (folder / "pids" / "cassandra.pid").read_text().split()[0]
    return {"CASSANDRA_URL": cassandra_url(services), "BENCH_NODE": pid}


def main() -> None:
    """Measure on SQLite (with an archive in a folder and in S3), then on Cassandra. Print the table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=STORES, help="measure on this store alone")
    parser.add_argument("--soak", action="store_true", help="look at a worker's memory instead")
    given, more = parser.parse_known_args()
    words = ["bench.figures.soak" if given.soak else "bench.figures", *more]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # The started processes then end, too.
    if not given.soak:
        print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="hitledger-figures.", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        services = OwnServices(folder / "services")
        try:
            if given.store != "cassandra":
                services.start("s3")
                measure(folder / "sqlite", bucket(services), words)
            if given.store != "sqlite":
                services.start("cassandra")
                measure(folder / "cassandra", node(services, folder / "services"), words)
        finally:
            services.stop()


if __name__ == "__main__":
    main()
