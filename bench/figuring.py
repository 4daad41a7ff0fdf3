"""`make bench-figures`: what reports and rollups cost; FIGURES="--scale 0.1 hot small" measures less."""

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
        subprocess.run(
            command, env={**tracker.env, "DJANGO_SETTINGS_MODULE": "tracker.settings"}, cwd=CHECKOUT, check=True
        )


if __name__ == "__main__":
    main()
