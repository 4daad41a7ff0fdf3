"""Folders: one cache of downloads for all checkouts; and for each checkout data, logs and pid files."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).resolve().parents[2]


def cache() -> Path:
    """The folder of downloads and builds, which all checkouts of a user share. It may be deleted."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return _made(Path(os.environ.get("HITLEDGER_CACHE") or base / "hitledger"))


def state(name: str) -> Path:
    """The data, configuration and scratch files of one service, kept between starts."""
    return _made(_services() / name)


def logs() -> Path:
    """The folder of log files, one for each process."""
    return _made(_services() / "logs")


def pids() -> Path:
    """The folder of pid files, one for each process that this package started."""
    return _made(_services() / "pids")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A lock between processes. It ends with its process, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """The cache's folder of that name. It is built on first use, and renamed into place when it is complete."""
    target = cache() / name
    with locked(cache() / f"{name}.lock"):
        if not target.exists():
            with TemporaryDirectory(dir=cache(), prefix=f"{name}.") as temporary:
                fresh = _made(Path(temporary) / name)
                build(fresh)
                fresh.rename(target)
    return target


def _services() -> Path:
    return Path(os.environ.get("HITLEDGER_SERVICES") or CHECKOUT / "var" / "services").absolute()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
