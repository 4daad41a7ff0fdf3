"""Peak: the peak memory of a process since it was started."""

from contextlib import suppress
from pathlib import Path


def peak_kib(pid: int | str) -> int:
    """Return the peak resident memory of a process in KiB; 0 if it is gone. `pid`: "self" for the caller's own process.

    getrusage gives a larger number: a started process keeps the peak of the process that started it.
    """
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
