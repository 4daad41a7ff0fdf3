"""Folder: the archive as files in a folder. A new file gets a temporary name, is flushed to disk, and is then
renamed."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident

from tracker.archive.archive import ObjectArchive
from tracker.archive.port import ArchiveUnavailable, NotArchived, errors_as_unavailable

#: The depth of the folders that hold files: year, month, day, hour.
HOUR_DEPTH = 4
#: The bytes that a check writes: as many as a small object has. They aren't zeros, because a file system may not store
#: zeros.
TRIAL = b"\1" * 16_384


class FolderArchive(ObjectArchive):
    """An archive that stores objects as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the archive's folder if it is missing."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            make_durably(self.folder)

    def check(self) -> None:
        """Check that files can be written: write a file and remove it. Raises ArchiveUnavailable."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            make_durably(self.folder)
            with written_aside(self.folder / "check", TRIAL):
                pass

    def write(self, key: str, body: bytes) -> None:
        """Store bytes durably as a file. If a merge removes the file's folder meanwhile, because it was empty, make the
        folder again."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            try:
                write_durably(self.folder / key, body)
            except FileNotFoundError:
                write_durably(self.folder / key, body)

    def read(self, key: str) -> bytes:
        """Read the bytes of an object. Raises NotArchived."""
        return self._read(key, 0, os.SEEK_SET, -1)

    def read_part(self, key: str, offset: int, length: int) -> bytes:
        """Read `length` bytes of an object from `offset` on. Raises NotArchived."""
        return self._read(key, offset, os.SEEK_SET, length)

    def read_end(self, key: str, length: int) -> bytes:
        """Read the last `length` bytes of an object, or all its bytes if it has fewer. Raises NotArchived."""
        return self._read(key, -length, os.SEEK_END, length)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the files with these keys, and then the folders of hours that have become empty."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            files = [self.folder / key for key in keys]
            for file in files:
                file.unlink(missing_ok=True)
            for hour in {file.parent for file in files}:
                with suppress(OSError):
                    hour.rmdir()

    def keys(self, folder: str, start: str) -> Iterator[str]:
        """List the keys in a folder in order, from the hour of the key `start` on."""
        with errors_as_unavailable(OSError, "the archive's folder"):
            parts = start.removeprefix(folder).split("/")[:HOUR_DEPTH]
            for hour in hours_from(self.folder / folder, parts, HOUR_DEPTH):
                name = hour.relative_to(self.folder).as_posix()
                yield from (f"{name}/{file}" for file in names_in(hour))

    def _read(self, key: str, offset: int, whence: int, length: int) -> bytes:
        try:
            with (self.folder / key).open("rb") as file:
                if whence == os.SEEK_END:
                    offset = max(file.seek(0, os.SEEK_END) + offset, 0)
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            raise NotArchived(key) from None
        except OSError as error:
            raise ArchiveUnavailable(str(error)) from error


def hours_from(folder: Path, start: Sequence[str], depth: int) -> Iterator[Path]:
    """Yield the folders of hours below a folder, in order. `start`: the first hour as (year, month, day, hour).
    `depth`: the levels from the folder down to the hours."""
    if not depth:
        yield folder
        return
    for name in names_in(folder):
        first = start[0] if start else ""
        if name[0].isdigit() and name >= first:
            yield from hours_from(folder / name, start[1:] if name == first else (), depth - 1)


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder, sorted and without temporary ones; [] if there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def write_durably(path: Path, body: bytes) -> None:
    """Write a file. It appears as a whole or not at all, and after the return it survives a power failure."""
    make_durably(path.parent)
    with written_aside(path, body) as aside:
        aside.replace(path)
    flush(path.parent)


@contextmanager
def written_aside(path: Path, body: bytes) -> Iterator[Path]:
    """Write a temporary file next to `path`, flush it to disk, and yield its path. If the caller doesn't rename the
    file, it is removed at the end."""
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
    """Make a folder, and its parents if they are missing. After the return they survive a power failure."""
    if not folder.is_dir():
        make_durably(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)


def flush(folder: Path) -> None:
    """Flush a folder to disk (fsync), so that names of new files in it survive a power failure."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
