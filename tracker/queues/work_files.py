"""Work files: each names a batch that a process of this machine is processing. They show which batches were not
finished because their process died.

A work file is empty. Its name is the batch's id, and its process holds a lock on it. When a process ends, the kernel
frees its locks. Therefore a file without a lock names a batch that was not finished.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def working_on(path: Path) -> Iterator[None]:
    """Context manager for a process that processes the batch of this work file. It makes and locks the file, and
    removes it at the end. If the processing fails, the file stays."""
    with make_locked(path):
        yield
        path.unlink()


@contextmanager
def taken_over(path: Path) -> Iterator[bool]:
    """Context manager that takes over the batch of a work file, which another process didn't finish. It locks the file,
    yields True, and removes the file at the end. It yields False if a process still works on the batch, or if the file
    is gone."""
    file = lock_left(path)
    if file is None:
        yield False
        return
    with file:
        yield True
        path.unlink()


def make_locked(path: Path) -> IO[bytes]:
    """Make a work file, lock it, and return it."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_there(file):
            return file
        file.close()  # Another process removed the file before it was locked, and took it for one that was left.


def lock_left(path: Path) -> IO[bytes] | None:
    """Lock a work file whose process has ended, and return it; None if its process still works on the batch, or if the
    file is gone."""
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
    """Whether an open file still has its name on disk, and was not removed meanwhile."""
    return os.fstat(file.fileno()).st_nlink > 0
