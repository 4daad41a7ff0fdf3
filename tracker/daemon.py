"""Daemon: a thread in the background, which a forked process starts again."""

from collections.abc import Callable
from threading import Lock, Thread


class Daemon:
    """A thread in the background. It is started when it is first needed, and again in a forked process. It doesn't keep
    the process from exiting."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it runs already in this process."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
