"""Work files: each names a batch that a process of this machine is working on. They show which batches were left by a
process that died.

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
def working_on(path: Path) -> Iterator[None]:
    """Keep a locked file while the caller processes the batch that the file names. If the processing fails, the file
    stays."""
    with make_locked(path):
        yield
        path.unlink()


@contextmanager
def taken_over(path: Path) -> Iterator[bool]:
    """Lock the file of a batch whose process died or failed, and yield True; afterwards delete it. Yield False if a
    process still works on the batch, or if the file is gone."""
    file = lock_left(path)
    if file is None:
        yield False
        return
    with file:
        yield True
        path.unlink()


def make_locked(path: Path) -> IO[bytes]:
    """Make a file and lock it."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_there(file):
            return file
        file.close()  # Another process removed the file before it was locked, because it looked like one that was left.


def lock_left(path: Path) -> IO[bytes] | None:
    """Lock an existing file and return it; None if another process has locked it, or if it is gone."""
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
