"""`make bench`: measures the tracker (on services and embedded) and the baseline, and prints the README's table."""

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.measure import Figures, measure_embedded, measure_services
from bench.subject import Progress, Subject
from bench.table import goals_missed, table
from tests.crash.services import OwnServices
from tests.running import CHECKOUT

TURNS = 2


def say(text: str) -> None:
    """Print progress on stderr. Stdout is for the table."""
    print(f"[{time.monotonic():9.1f} s] {text}", file=sys.stderr, flush=True)


def run(folder: Path) -> dict[str, list[Figures]]:
    """Measure the tracker, the baseline and the embedded tracker TURNS times each; return the figures by name. The
    three alternate, because the machine may be busier at some times."""
    turns: dict[str, list[Figures]] = {"services": [], "baseline": [], "embedded": []}
    with ExitStack() as stack:
        services = stack.enter_context(OwnServices(folder / "services"))
        rooms = {"services": services.make_room(), "baseline": services.make_room(), "embedded": {}}
        subjects = {
            name: stack.enter_context(Subject(name, folder / name, env, baseline=name == "baseline"))
            for name, env in rooms.items()
        }
        progress = {}
        for name, subject in subjects.items():
            say(f"{name}: preparing")
            subject.prepare()
            if not subject.embedded:
                progress[name] = Progress(subject)
                stack.callback(progress[name].close)
        for turn in range(TURNS):
            for name, subject in subjects.items():
                say(f"{name}: turn {turn + 1} of {TURNS}")
                found = measure_embedded(subject) if subject.embedded else measure_services(subject, progress[name])
                turns[name].append(found)
    return turns


def main() -> None:
    """Measure, write the raw figures to a file, and print the table. Print each aim that was missed on stderr."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # The started processes then end, too.
    with tempfile.TemporaryDirectory(prefix="hitledger-bench.", ignore_cleanup_errors=True) as folder:
        turns = run(Path(folder))
    var = Path(os.environ.get("HITLEDGER_STATE") or CHECKOUT / "var")
    var.mkdir(parents=True, exist_ok=True)
    (var / "bench.json").write_text(json.dumps(turns, indent=1) + "\n")
    print(table(turns["services"], turns["embedded"], turns["baseline"]))
    for text in goals_missed(turns["services"], turns["baseline"]):
        print(f"missed: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
