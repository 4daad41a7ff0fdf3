"""`make bench-growth`: measures what a hit costs on Cassandra as visitors' timelines and a site grow. It prints the
README's lines."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.growth_table import growth_table
from tests.crash.services import OwnServices
from tests.running import CHECKOUT, Tracker


def measure(folder: Path, words: Sequence[str]) -> dict[str, object]:
    """Start a separate Cassandra, and a process that measures on it; return its figures."""
    services = OwnServices(folder / "services")
    try:
        services.start("cassandra")
        tracker = Tracker(folder / "state", {"CASSANDRA_URL": cassandra_url(services)})
        tracker.manage("migrate", "--noinput", "--verbosity", "0")
        tracker.manage("prepare")
        pid = (folder / "services" / "pids" / "cassandra.pid").read_text().split()[0]
        command = [sys.executable, "-m", "bench.growth", "--cassandra", pid, *words]
        env: Mapping[str, str] = {**tracker.env, "DJANGO_SETTINGS_MODULE": "tracker.settings"}
        done = subprocess.run(command, env=env, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found
    finally:
        services.stop()


def cassandra_url(services: OwnServices) -> str:
    """Return the address of Cassandra with the benchmark's keyspace."""
    env = dict(line.split("=", 1) for line in services.tell("env", "cassandra").splitlines())
    return env["CASSANDRA_URL"].rpartition("/")[0] + "/growth"


def main() -> None:
    """Measure, write the raw figures to a file, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=10_000_000, help="how far the site grows")
    parser.add_argument("--only", choices=("timelines", "site"), help="measure this alone")
    given = parser.parse_args()
    words = ["--facts", str(given.facts), *(["--only", given.only] if given.only else [])]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # The started processes then end, too.
    with tempfile.TemporaryDirectory(prefix="hitledger-growth.", ignore_cleanup_errors=True) as folder:
        found = measure(Path(folder), words)
    var = Path(os.environ.get("HITLEDGER_STATE") or CHECKOUT / "var")
    var.mkdir(parents=True, exist_ok=True)
    (var / "growth.json").write_text(json.dumps(found, indent=1) + "\n")
    print(growth_table(found))


if __name__ == "__main__":
    main()
