"""Faults of a crash run: kills processes at random times and restarts them, and kills each service once."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.crash.services import OwnServices
from tests.running import Tracker, kill

#: Process -> how often it is killed, relative to the others.
WEIGHTS = {"worker": 2, "worker's child": 4, "web": 2, "web's child": 1, "beat": 1}
EMBEDDED_WEIGHTS = {"web": 4, "web's child": 2, "beat": 1}


class Supervisor:
    """Restarts each process of a tracker shortly after it ends, until `stop` is called."""

    def __init__(self, tracker: Tracker, names: Sequence[str]) -> None:
        self._tracker = tracker
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._keep, args=(name,), daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop restarting processes."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, name: str) -> None:
        while not self._ending.wait(0.2):
            if self._tracker.processes[name].poll() is not None:
                try:
                    self._tracker.start(name)
                except RuntimeError:
                    if self._tracker.processes[name].poll() is None:
                        raise  # The web process runs, but doesn't answer.


class Killer:
    """Kills processes at random times. `kills` counts the kills of each."""

    def __init__(self, tracker: Tracker, rng: random.Random, weights: dict[str, int]) -> None:
        self._tracker = tracker
        self._rng = rng
        self._weights = weights
        self._seen: set[int] = set()
        # First each process once, in random order; then at random by weight.
        self._next = rng.sample(list(weights), len(weights))
        self.kills: Counter[str] = Counter()

    def run(self, seconds: float, pause: float = 1.3) -> None:
        """Kill a process about every `pause` seconds."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, self._rng.uniform(0.1, 2 * pause)))
            self.kill_one()

    def kill_one(self) -> None:
        """Kill a process with its children, only the parent, or one child."""
        what = self._choose()
        pids = self._tracker.pids(what.removesuffix("'s child"))
        self._seen.update(pids)
        if what.endswith("child"):
            pids = self._rng.sample(pids[1:], min(1, len(pids) - 1))
        elif what == "worker" and self._rng.random() < 0.5:
            pids = pids[:1]  # The children notice that their parent is gone, and end by themselves.
        if pids and all(_runs(pid) for pid in pids):
            for pid in pids:
                kill(pid)
            self.kills[what] += 1
        elif what not in self.kills:
            self._next.insert(0, what)  # The process is just starting. It is killed a little later.

    def _choose(self) -> str:
        if self._next:
            return self._next.pop()
        return self._rng.choices(list(self._weights), list(self._weights.values()))[0]

    def orphans(self) -> list[int]:
        """Return the tracker's processes whose parent has ended."""
        present = {pid for name in self._tracker.processes for pid in self._tracker.pids(name)}
        state = f"HITLEDGER_STATE={self._tracker.state}".encode()
        return [pid for pid in self._seen - present if _runs(pid) and state in _environ(pid)]


class Outage:
    """Makes one change to a service (such as a crash) after `after` seconds, in a thread."""

    def __init__(self, after: float, change: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._after = after
        self._change = change
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for the change. Raises its error, if it failed."""
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self) -> None:
        time.sleep(self._after)
        try:
            self._change()
        except BaseException as error:
            self.error = error


def crash_service(services: OwnServices, name: str, away: float) -> Callable[[], None]:
    """Return a change that kills a service, and starts it again after `away` seconds."""

    def crash() -> None:
        services.kill(name)
        time.sleep(away)
        services.start(name)

    return crash


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def end(pids: Sequence[int]) -> None:
    """Kill orphaned processes."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
