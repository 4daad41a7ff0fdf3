"""`python -m tests.faults [--worlds N] [--at-once N] [WORD ...]`: tries each fault whose name has one of the words;
without words, all faults.

It prints the table of decision 14. The exit code is 1 if a fault is not caught.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.faults.catalogue import CATALOGUE
from tests.faults.fault import EDGES, WORLDS, Fault
from tests.faults.trial import Trial, copy_of, put_in
from tests.running import CHECKOUT

CALLED = {WORLDS: "the property", EDGES: "the property, over a month's end"}


def row(trial: Trial) -> str:
    """Return a line of the table."""
    if not trial.is_caught:
        return f"| {trial.fault.name} | NOT CAUGHT | {trial.seconds:.0f} s |"
    called = CALLED.get(trial.fault.test) or f"`{trial.test}`"
    worlds = "" if trial.worlds is None else f"{trial.worlds} world{'s' * (trial.worlds > 1)}, "
    return f"| {trial.fault.name} | {called} | {worlds}{trial.seconds:.0f} s |"


def trials(faults: Sequence[Fault], copies: Queue[Path], worlds: int) -> Iterator[Trial]:
    """Try faults in parallel, each in a copy of its own. Yield the trials in the order of the faults."""

    def try_in_free_copy(fault: Fault) -> Trial:
        copy = copies.get()
        try:
            return put_in(fault, copy, worlds)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(copies.qsize()) as pool:
        yield from pool.map(try_in_free_copy, faults)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="in how many worlds the property must catch a fault")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="how many are tried at the same time")
    parser.add_argument("words", nargs="*")
    return parser.parse_args()


def main() -> int:
    """Try the faults, and print the table."""
    options = read_options()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="hitledger-faults-") as folder:
        copies: Queue[Path] = Queue()
        for number in range(options.at_once):
            copies.put(copy_of(CHECKOUT, Path(folder) / str(number)))
        for group, faults in CATALOGUE.items():
            chosen = [one for one in faults if not options.words or any(word in one.name for word in options.words)]
            if chosen:
                print(f"\n| {group} | caught by | after |\n|---|---|---|", flush=True)
            for trial in trials(chosen, copies, options.worlds):
                missed += not trial.is_caught
                print(row(trial), flush=True)
                if not trial.is_caught:
                    print(trial.output, file=sys.stderr, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
