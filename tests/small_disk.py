"""Small disk: a small file system in memory that a test can fill. Mounting it needs root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small_disk(folder: Path, kib: int = 64) -> Iterator[Path]:
    """Make `folder`, and mount an empty file system there."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill the rest of the disk with a file, and return the file."""
    rest = folder / "rest"
    with suppress(OSError), rest.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return rest
