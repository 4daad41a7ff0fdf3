"""Daemon: a background thread."""

from collections.abc import Callable
from threading import Lock, Thread


class Daemon:
    """A background thread that starts when it is first needed, and again in a forked process. It doesn't delay the exit
    of the process."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread if it isn't running."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
