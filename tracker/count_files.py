"""Count files: writes the counters of each process to files in a shared folder. /metrics shows the sums of all
processes.

The files have the format of prometheus_client. That library would map them into memory, and the kernel kills a process
that writes to such a map while the disk is full. This module writes the files by plain calls. If a write fails, this is
logged, and the count is written later.
"""

import logging
import os
import struct
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any

from prometheus_client import values
from prometheus_client.mmap_dict import mmap_key

logger = logging.getLogger(__name__)

#: The header of a file: the number of bytes in use, then four bytes of padding.
HEADER = struct.Struct("=i4x")
LENGTH = struct.Struct("=i")
#: A value and its time. Only gauges use the time.
VALUE = struct.Struct("=dd")


class CountFile:
    """A file with the counts of one process, all of one kind (counter or histogram), by key. Only one thread may use it
    at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._used = HEADER.size
        self._positions: dict[str, int] = {}
        self._failed = False

    def write(self, key: str, value: float) -> None:
        """Write the count of a key to the file. If the disk fails, log it once, and raise nothing."""
        try:
            self._write(key, VALUE.pack(value, 0.0))
            self._failed = False
        except OSError as error:
            if not self._failed:
                logger.warning("counts can't be written, /metrics shows old ones: %s", error)
            self._failed = True

    def _write(self, key: str, value: bytes) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if key in self._positions:
            write_all(self._file, value, self._positions[key])
            return
        entry = pack_key(key) + value
        write_all(self._file, entry, self._used)
        write_all(self._file, HEADER.pack(self._used + len(entry)), 0)
        self._used += len(entry)
        self._positions[key] = self._used - len(value)


def pack_key(key: str) -> bytes:
    """Encode a key as its length and its bytes. Padding follows, so that the value after the key begins at a multiple
    of eight bytes."""
    encoded = key.encode()
    padded = encoded + b" " * (8 - (len(encoded) + LENGTH.size) % 8)
    return LENGTH.pack(len(encoded)) + padded


def write_all(file: int, data: bytes, position: int) -> None:
    """Write bytes to a file, from a position on. Raises OSError if the disk takes only some of them."""
    if os.pwrite(file, data, position) < len(data):
        raise OSError("the disk is full")


class Counts:
    """All counts of this process, in memory and in files. A file's name has a random part, because a later process may
    get the same process id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._values: list[Value] = []
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self) -> None:
        """Set all counts to 0, and write to new files from now on. This is also called in each forked process."""
        self.lock = Lock()
        self._files: dict[str, CountFile] = {}
        for value in self._values:
            value.clear()

    def add(self, value: "Value") -> None:
        """Register a value, which `begin` sets to 0."""
        self._values.append(value)

    def write(self, kind: str, key: str, value: float) -> None:
        """Write the count of a key to this process's file for this kind (counter or histogram)."""
        if kind not in self._files:
            self._files[kind] = CountFile(self._folder / f"{kind}_{os.getpid()}-{token_hex(4)}.db")
        self._files[kind].write(key, value)


class Value(values.MutexValue):
    """The number of one counter, or of one bucket of a histogram. prometheus_client calls its methods."""

    _multiprocess = True
    counts: Counts

    def __init__(self, typ: str, *labelled: Any, **options: Any) -> None:
        super().__init__(typ, *labelled, **options)  # type: ignore[no-untyped-call]
        self._kind = typ
        self._key = mmap_key(*labelled)
        with self.counts.lock:
            self.counts.add(self)
            self.counts.write(self._kind, self._key, self._value)

    def inc(self, amount: float) -> None:
        """Add an amount to the number, and write the new number to the file."""
        with self.counts.lock:
            self._value += amount
            self.counts.write(self._kind, self._key, self._value)

    def clear(self) -> None:
        """Set the number to 0. This is called after a fork, because the new process begins with a copy of the parent's
        counts."""
        self._value = 0.0


def store_counts_in(folder: Path | None) -> None:
    """Make counters and histograms write their numbers to files in `folder`. If `folder` is None, the numbers stay in
    memory. Call this before the counters and histograms are made."""
    values.ValueClass = Value if folder else values.MutexValue
    if folder:
        Value.counts = Counts(folder)
