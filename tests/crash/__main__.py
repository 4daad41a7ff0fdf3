"""`python -m tests.crash --seed N --hits N --seconds N [--embedded]`: a long crash run. It exits with 1 if it finds a
fault."""

import argparse
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

from tests.crash.run import Run, crash
from tests.crash.services import OwnServices
from tests.running import Tracker

MAX_HITS = 1_000_000
MAX_SECONDS = 3_600


def bounded(most: int) -> Callable[[str], int]:
    """Make an argparse type: a whole number from 1 to `most`."""

    def number(text: str) -> int:
        if not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be from 1 to {most}")
        return int(text)

    return number


def main() -> int:
    """Do one run, in a folder whose name is printed. The folder stays."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--hits", type=bounded(MAX_HITS), default=50_000)
    parser.add_argument("--seconds", type=bounded(MAX_SECONDS), default=600)
    parser.add_argument("--embedded", action="store_true", help="no services; only web and beat are killed")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # The started processes then end, too.
    folder = Path(tempfile.mkdtemp(prefix=f"hitledger-crash-{words.seed}."))
    print(f"seed {words.seed}; state, services and logs are in {folder}", flush=True)
    try:
        if words.embedded:
            with Tracker(folder / "state") as tracker:
                crash(Run(tracker, words.seed), words.hits, words.seconds)
        else:
            with (
                OwnServices(folder / "services") as services,
                Tracker(folder / "state", services.make_room()) as tracker,
            ):
                crash(Run(tracker, words.seed, services), words.hits, words.seconds)
    except AssertionError as error:
        print(f"FAULT: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
