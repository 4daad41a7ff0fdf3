"""Process: the name of a line of the Procfile -> that process, in place of this one. `python -m tracker.process web`.

For containers, whose commands have no shell.
"""

import os
import sys
from pathlib import Path

from tracker.supervisor import read_commands

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def main(name: str) -> None:
    """Become the process. Exits with one line if the Procfile has no such name."""
    commands = read_commands(PROCFILE.read_text())
    if name not in commands:
        sys.exit(f"hitledger: the Procfile has no process {name!r}, but {', '.join(commands)}")
    os.execv("/bin/sh", ["/bin/sh", "-c", commands[name]])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
