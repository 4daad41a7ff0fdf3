"""Progress: prints progress on stderr. Stdout is for NAME=value lines."""

import sys
import time

_began = time.monotonic()


def say(text: str) -> None:
    """Print one line, with the seconds since the program started."""
    print(f"[{time.monotonic() - _began:6.1f} s] {text}", file=sys.stderr, flush=True)
