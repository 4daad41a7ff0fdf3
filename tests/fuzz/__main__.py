"""`python -m tests.fuzz [--requests N] [--seed N]`: a long run against a separate embedded tracker."""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")


def main() -> int:
    """Do a run; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hitledger-fuzz-") as folder:
        os.environ["HITLEDGER_STATE"] = str(Path(folder, "own"))
        django.setup()
        from tests.fuzz.run import fuzz, open_tracker

        with open_tracker(Path(folder, "tracker")) as (tracker, made):
            seen = fuzz(tracker, made, given.requests, given.seed)
    print(seen, *seen.wrong, sep="\n")
    return 1 if seen.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
