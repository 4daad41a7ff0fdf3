"""Process: replaces this process by a command of the Procfile, as in `python -m tracker.process web`.

Container images use it, because the commands of containers have no shell.
"""

import os
import sys
from pathlib import Path

from tracker.supervisor import read_commands

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def main(name: str) -> None:
    """Replace this process by the Procfile's command with this name. If there is none, exit with one line."""
    commands = read_commands(PROCFILE.read_text())
    if name not in commands:
        sys.exit(f"hitledger: the Procfile has no process {name!r}, but {', '.join(commands)}")
    os.execv("/bin/sh", ["/bin/sh", "-c", commands[name]])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
