"""Hand: a file for each batch that a process of this machine is working on. The files show which batches were left by
processes that died.

Each file is empty, named by its batch, and locked. When a process ends, the kernel frees its locks. A file that nobody
has locked therefore names a batch that was left.
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
    """Hold the file of a batch that a process left, because it died or failed, and yield True. Yield False if a process
    holds the file, or if the file is gone."""
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
        file.close()  # Another process took the file for one that was left, and removed it.


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
    """Whether an open file still exists in its folder."""
    return os.fstat(file.fileno()).st_nlink > 0
