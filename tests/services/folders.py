"""Folders: one cache of downloads for all checkouts; and the data, logs and pid files of each checkout."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).resolve().parents[2]


def cache() -> Path:
    """Return the folder of downloads and builds. All checkouts of a user share it, and it may be deleted."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return _made(Path(os.environ.get("HITLEDGER_CACHE") or base / "hitledger"))


def state(name: str) -> Path:
    """Return the folder of a service's data, configuration and scratch files, which is kept between starts."""
    return _made(_services() / name)


def logs() -> Path:
    """Return the folder of log files, one for each process."""
    return _made(_services() / "logs")


def pids() -> Path:
    """Return the folder of pid files, one for each process that this package started."""
    return _made(_services() / "pids")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes. It is freed when its process ends, in whatever way."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """Return a folder of the cache. It is built when first used, and renamed into place when it is complete."""
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
