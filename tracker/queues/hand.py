"""Hand: files that name the batches which processes of this machine are working on. They show the batches of processes
that died.

Each file is empty and locked. When a process ends, the kernel frees its locks. The file then names a batch that was
left.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def in_hand(path: Path) -> Iterator[None]:
    """Hold a batch's file while the batch is processed. If that fails, the file stays."""
    with begin(path):
        yield
        path.unlink()


@contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Hold the file of a batch that a process left, because it died or failed. False if a process holds the file or it
    is gone."""
    file = take(path)
    if file is None:
        yield False
        return
    with file:
        yield True
        path.unlink()


def begin(path: Path) -> IO[bytes]:
    """Make the file of a name, and lock it."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_there(file):
            return file
        file.close()  # Another process took the file for one that was left.


def take(path: Path) -> IO[bytes] | None:
    """Open and lock the file of a name; None if another process holds it or it is gone."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_there(file):
            return file
    except BlockingIOError:
        pass
    file.close()
    return None


def is_there(file: IO[bytes]) -> bool:
    """Whether an open file still exists."""
    return os.fstat(file.fileno()).st_nlink > 0
