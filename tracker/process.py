"""Process: runs a line of the Procfile in place of this process, such as `python -m tracker.process web`.

It is for containers, whose commands have no shell.
"""

import os
import sys
from pathlib import Path

from tracker.supervisor import read_commands

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def main(name: str) -> None:
    """Replace this process by the named one. If the Procfile has no such name, exit with one line."""
    commands = read_commands(PROCFILE.read_text())
    if name not in commands:
        sys.exit(f"hitledger: the Procfile has no process {name!r}, but {', '.join(commands)}")
    os.execv("/bin/sh", ["/bin/sh", "-c", commands[name]])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
