"""Hand: the names of the batches that processes of this machine have in hand -> those that died with their process.

Each name is a locked, empty file. The kernel ends the lock with its process, and the file then names what was left.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def in_hand(path: Path) -> Iterator[None]:
    """Hold a name while a batch is processed. If that fails, the file stays."""
    with begin(path):
        yield
        path.unlink()


@contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Hold a name whose process died or failed; False if a process holds it, or if it is gone."""
    file = take(path)
    if file is None:
        yield False
        return
    with file:
        yield True
        path.unlink()


def begin(path: Path) -> IO[bytes]:
    """The new file of a name, locked."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_there(file):
            return file
        file.close()  # It was taken for one that had been left.


def take(path: Path) -> IO[bytes] | None:
    """The file of a name, locked; None if another process holds it, or if it is gone."""
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
    """Whether an open file still has its name."""
    return os.fstat(file.fileno()).st_nlink > 0
