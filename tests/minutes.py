"""Minutes: makes a table of tests and seconds by kind, from the durations that a run of the tests printed.

`make test PYTEST="--durations=0 -vv" > LOG; python -m tests.minutes LOG`
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.running import CHECKOUT

#: Folder -> the kind of its tests.
FOLDERS = {
    "crash": "crash",
    "browser": "browser",
    "properties": "properties on Cassandra",
    "recorded": "recorded, contracts",
    "contracts": "recorded, contracts",
}
EMBEDDED = "embedded, with the properties on SQL"
#: What the source of a file contains if its tests start processes.
STARTS = re.compile(r"\bTracker\(|\bsubprocess\b|\bmanage\.py\b")
DURATION = re.compile(r"^([\d.]+)s (call|setup|teardown) +(tests/(\w+)[^:]*)::(.+)$", re.MULTILINE)


def kind_of(file: str, folder: str, test: str) -> str:
    """Return the kind of a test: the kind of its folder, or what the test needs."""
    if folder in FOLDERS:
        return FOLDERS[folder]
    if STARTS.search((CHECKOUT / file).read_text()):
        return "processes"
    return "use cases on Cassandra" if "cassandra" in test else "use cases and rules"


def rows_of(log: str) -> Iterable[str]:
    """Return the rows of the table. The durations of the embedded run come second in the log."""
    tests: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for run, printed in enumerate(log.split(" slowest durations ")[1:]):
        for took, phase, file, folder, test in DURATION.findall(printed):
            kind = EMBEDDED if run else kind_of(file, folder, test)
            seconds[kind] += float(took)
            tests[kind] += phase == "call"
    yield from (f"| {kind} | {tests[kind]:,} | {took:.0f} |" for kind, took in seconds.most_common())


if __name__ == "__main__":
    print("| kind | tests | seconds |\n|---|---:|---:|", *rows_of(Path(sys.argv[1]).read_text()), sep="\n")
