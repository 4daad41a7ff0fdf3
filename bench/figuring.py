"""`make bench-figures`: what reports, rollups and replays cost; FIGURES="--scale 0.1 hot small" measures less."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.running import CHECKOUT, Tracker


def main() -> None:
    """Measures on an embedded tracker in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="hitledger-figures.") as folder:
        tracker = Tracker(Path(folder))
        tracker.manage("migrate", "--noinput", "--verbosity", "0")
        command = [sys.executable, "-m", "bench.figures", *sys.argv[1:]]
        env = {**tracker.env, **bucket(), "DJANGO_SETTINGS_MODULE": "tracker.settings"}
        subprocess.run(command, env=env, cwd=CHECKOUT, check=True)


def bucket() -> dict[str, str]:
    """The bucket in which the archive is measured, too, if the environment names one (`make services`)."""
    place, endpoint = (os.environ.get(name, "") for name in ("ARCHIVE_URL", "S3_ENDPOINT_URL"))
    return {"BENCH_ARCHIVE_URL": place, "S3_ENDPOINT_URL": endpoint} if place.startswith("s3:") else {}


if __name__ == "__main__":
    main()
