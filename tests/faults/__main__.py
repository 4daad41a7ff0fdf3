"""`python -m tests.faults [--worlds N] [WORD ...]`: tries each fault whose name has one of the words, or all.

Prints the table of decision 14. The exit code is 1 if a fault is not caught.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.catalogue import CATALOGUE
from tests.faults.fault import EDGES, WORLDS
from tests.faults.trial import Trial, copy_of, put_in
from tests.running import CHECKOUT

CALLED = {WORLDS: "the property", EDGES: "the property, over a month's end"}


def row(trial: Trial) -> str:
    """A line of the table."""
    if not trial.is_caught:
        return f"| {trial.fault.name} | NOT CAUGHT | {trial.seconds:.0f} s |"
    called = CALLED.get(trial.fault.test) or f"`{trial.test}`"
    worlds = "" if trial.worlds is None else f"{trial.worlds} world{'s' * (trial.worlds > 1)}, "
    return f"| {trial.fault.name} | {called} | {worlds}{trial.seconds:.0f} s |"


def main() -> int:
    """Tries the faults one by one."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="in how many worlds the property must catch a fault")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="hitledger-faults-") as folder:
        checkout = copy_of(CHECKOUT, Path(folder))
        for group, faults in CATALOGUE.items():
            chosen = [one for one in faults if not options.words or any(word in one.name for word in options.words)]
            if chosen:
                print(f"\n| {group} | caught by | after |\n|---|---|---|", flush=True)
            for fault in chosen:
                trial = put_in(fault, checkout, options.worlds)
                missed += not trial.is_caught
                print(row(trial), flush=True)
                if not trial.is_caught:
                    print(trial.output, file=sys.stderr, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
