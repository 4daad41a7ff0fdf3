"""Measures what figures cost on one store, and prints rows of the table. `python -m bench.figuring` starts it."""

import argparse

from bench.figures.line import NODE, Line
from bench.figures.lines import LINES, ON_CASSANDRA
from bench.figures.wanted import ROWS
from bench.figures.yardstick import measure


def main() -> None:
    """Print rows in Markdown: what was measured, the store, the earlier and the wanted figure, and the measured
    figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of everything; 1 by default")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(LINES)}; all by default")
    given = parser.parse_args()
    if unknown := set(given.parts) - LINES.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(LINES)}")
    measured = ON_CASSANDRA if NODE else LINES
    for part in given.parts or measured:
        if part in measured:
            yardstick = measure()
            for line in LINES[part](given.scale):
                print(row(line, yardstick), flush=True)


def row(line: Line, yardstick: float) -> str:
    """Return a row of the table. `yardstick` has the CPU seconds of fixed work, to which the row's CPU time is
    compared."""
    about, cost = ROWS[line.key], line.cost
    was = about.cassandra if NODE else about.sqlite
    node = told(cost.node, about.unit) if NODE else ""
    figures = (told(cost.clock, about.unit), told(cost.cpu, about.unit), node, f"{cost.cpu / yardstick:,.3g}")
    store = "Cassandra" if NODE else "SQLite"
    return f"| {' | '.join((about.title, store, was, about.wanted, *figures, line.note))} |"


def told(seconds: float, unit: str) -> str:
    """Write a time in the unit of a row. The unit `/s` means how many are done in a second."""
    if unit == "/s":
        return f"{1 / max(seconds, 1e-9):,.0f}/s"
    times = {"s": 1, "ms": 1e3, "us": 1e6}[unit]
    return f"{seconds * times:,.3g} {unit}" if seconds * times < 1_000 else f"{seconds * times:,.0f} {unit}"


if __name__ == "__main__":
    main()
