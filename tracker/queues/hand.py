"""Hand: files that name the batches that processes of this machine are working on. They show which batches were left by
a process that died.

Each file is empty, named by its batch, and locked. When a process ends, the kernel frees its locks. Therefore a file
without a lock names a batch that was left.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def in_hand(path: Path) -> Iterator[None]:
    """Keep a locked file while the caller processes the batch that the file names. If the processing fails, the file
    stays."""
    with begin(path):
        yield
        path.unlink()


@contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Take over the file of a batch whose process died or failed, and yield True. Yield False if a process still works
    on the batch, or if the file is gone."""
    file = take(path)
    if file is None:
        yield False
        return
    with file:
        yield True
        path.unlink()


def begin(path: Path) -> IO[bytes]:
    """Make and lock a file."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_there(file):
            return file
        file.close()  # Another process removed the file before it was locked, because it looked like one that was left.


def take(path: Path) -> IO[bytes] | None:
    """Open and lock a file; None if another process has locked it, or if it is gone."""
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
    """Whether an open file still exists on disk."""
    return os.fstat(file.fileno()).st_nlink > 0
