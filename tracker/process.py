"""Process: replaces itself by one of the commands in the Procfile: `python -m tracker.process web`.

Container images start with it, because a container's command isn't read by a shell.
"""

import os
import sys
from pathlib import Path

from tracker.supervisor import read_commands

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def main(name: str) -> None:
    """Replace this process by the command that has this name in the Procfile. If the name is missing there, exit with
    one line."""
    commands = read_commands(PROCFILE.read_text())
    if name not in commands:
        sys.exit(f"hitledger: the Procfile has no process {name!r}, but {', '.join(commands)}")
    os.execv("/bin/sh", ["/bin/sh", "-c", commands[name]])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
