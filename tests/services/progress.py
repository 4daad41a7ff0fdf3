"""Progress for a person, on stderr, so that stdout stays free for NAME=value lines."""

import sys
import time

_began = time.monotonic()


def say(text: str) -> None:
    """One line, after the seconds since this program began."""
    print(f"[{time.monotonic() - _began:6.1f} s] {text}", file=sys.stderr, flush=True)
