"""Folder: the archive as files in a folder. Each file is written under another name, flushed to disk and renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident

from tracker.archive.objects import (
    SNAPSHOT_SUFFIX,
    SNAPSHOTS,
    SUFFIX,
    archive_key,
    between,
    first_key,
    pack,
    pack_snapshot,
    snapshot_key,
    unpack,
    unpack_snapshot,
)
from tracker.archive.port import LATEST, ArchiveUnavailable, NotArchived, errors_as_unavailable
from tracker.collection.hit import Batch, Hit

#: The bytes that a check writes: as many as a small object has. None is zero, because a file system may skip zeros.
TRIAL = b"\1" * 16_384


class FolderArchive:
    """Objects as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, batch: Batch) -> str:
        """See Archive."""
        key = archive_key(batch.id)
        if batch.hits:
            with errors_as_unavailable(OSError, "the archive's folder"):
                write_durably(self.folder / key, pack(batch))
        return key

    def get(self, key: str) -> list[Hit]:
        """See Archive."""
        return unpack(self._read(key))

    def list(self, since: int = 0, until: int = LATEST, after: str = "") -> Iterator[str]:
        """See Archive."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            yield from between(self._keys(first_key(since)), since, until, after)

    def put_snapshot(self, made_at: int, nonce: str, body: bytes) -> str:
        """See Archive."""
        key = snapshot_key(made_at, nonce)
        with errors_as_unavailable(OSError, "the archive's folder"):
            write_durably(self.folder / key, pack_snapshot(body))
        return key

    def get_snapshot(self, key: str) -> bytes:
        """See Archive."""
        return unpack_snapshot(key, self._read(key))

    def list_snapshots(self) -> Iterator[str]:
        """See Archive."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            files = sorted((self.folder / SNAPSHOTS).glob(f"[0-9]*/[0-9]*/[0-9]*/[0-9]*/[0-9]*{SNAPSHOT_SUFFIX}"))
            yield from (file.relative_to(self.folder).as_posix() for file in files)

    def prepare(self) -> None:
        """See Archive."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            make_durably(self.folder)

    def check(self) -> None:
        """See Archive. It writes a file and removes it."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            make_durably(self.folder)
            with written_aside(self.folder / "check", TRIAL):
                pass

    def _read(self, key: str) -> bytes:
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError:
            raise NotArchived(key) from None
        except OSError as error:
            raise ArchiveUnavailable(str(error)) from error

    def _keys(self, start: str) -> Iterator[str]:
        """List every key in order, hour by hour, from the hour of `start` on."""
        for hour in sorted(self.folder.glob("[0-9]*/[0-9]*/[0-9]*/[0-9]*")):
            name = hour.relative_to(self.folder).as_posix()
            if name >= start[: len(name)]:
                yield from (f"{name}/{file.name}" for file in sorted(hour.glob(f"*{SUFFIX}")))


def write_durably(path: Path, body: bytes) -> None:
    """Write a file atomically. It survives a power cut."""
    make_durably(path.parent)
    with written_aside(path, body) as aside:
        aside.replace(path)
    flush(path.parent)


@contextmanager
def written_aside(path: Path, body: bytes) -> Iterator[Path]:
    """Write and flush a temporary file beside `path`, which readers don't see. If the caller doesn't rename it, it is
    removed."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        with aside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def make_durably(folder: Path) -> None:
    """Make a folder and its missing parents. They survive a power cut."""
    if not folder.is_dir():
        make_durably(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)


def flush(folder: Path) -> None:
    """Flush the names in a folder to disk."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
