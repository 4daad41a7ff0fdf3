"""Measures and prints the lines. `python -m bench.figuring` starts it with its own tracker."""

import argparse

from bench.figures.lines import LINES
from bench.figures.yardstick import measure


def main() -> None:
    """Prints a table in Markdown: CPU time, and its ratio to the yardstick's."""
    parser = argparse.ArgumentParser(prog="python -m bench.figures", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of everything; 1 by default")
    parser.add_argument("parts", nargs="*", help="reports, hot, small, quiet, archive; all by default")
    given = parser.parse_args()
    print("| figure | CPU | x yardstick | |\n|---|---:|---:|---|")
    for part in given.parts or LINES:
        yardstick = measure()
        for line in LINES[part](given.scale):
            cpu, ratio = f"{1_000 * line.cpu:,.1f} ms", f"{line.cpu / yardstick:,.2f}"
            print(f"| {line.what} | {cpu} | {ratio} | {line.note} |", flush=True)


if __name__ == "__main__":
    main()
