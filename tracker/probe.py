"""Probe: calls a service in another thread, and waits for the answer only for a limited time. A service that hangs
delays nobody for longer.

However many requests come, a service is called only once at a time, and at most once a second.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar

import msgspec
from django.db import connections

logger = logging.getLogger(__name__)

#: For this many seconds the last answer is used again.
FRESH_SECONDS = 1.0
#: The longest time to wait for an answer.
WAIT_SECONDS = 2.0

T = TypeVar("T")


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """The answer of a service. `state`: `up` if the service answered with `value`; `down` if it failed; `slow` if it
    has not answered yet. `seconds`: how long the service took to answer, or has taken so far."""

    state: str
    seconds: float
    value: T | None = None


class Probe(Generic[T]):
    """Asks a service by calling `ask` in a thread of its own, and remembers the answer."""

    def __init__(self, name: str, ask: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._ask = ask
        self._clock = clock
        self._changed = Condition()
        self._asked_at = float("-inf")
        self._out = False
        self._last: Answer[T] | None = None

    def start(self) -> None:
        """Ask the service, unless it is being asked already or was asked less than FRESH_SECONDS ago."""
        with self._changed:
            if self._out or self._clock() - self._asked_at < FRESH_SECONDS:
                return
            self._out, self._asked_at = True, self._clock()
        # A daemon thread: a service that hangs must not delay the exit of the process.
        Thread(target=self._work, name=f"probe {self.name}", daemon=True).start()

    def read(self, deadline: float) -> Answer[T]:
        """Return the answer. If it has not come at `deadline` (seconds of the monotonic clock), return an answer with
        the state `slow`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._out, max(deadline - self._clock(), 0.0))
            if self._out or self._last is None:
                return Answer("slow", self._clock() - self._asked_at)
            return self._last

    def _work(self) -> None:
        answer: Answer[T]
        began = self._clock()
        try:
            value = self._ask()
            answer = Answer("up", self._clock() - began, value)
        except Exception as error:
            logger.warning("the %s is down: %s", self.name, error)
            answer = Answer("down", self._clock() - began)
        finally:
            connections.close_all()
        with self._changed:
            self._out, self._last = False, answer
            self._changed.notify_all()


def ask_all(probes: Sequence[Probe[T]], seconds: float = WAIT_SECONDS) -> dict[str, Answer[T]]:
    """Ask all services at the same time. Return their answers by name. A service that doesn't answer within `seconds`
    is `slow`."""
    deadline = time.monotonic() + seconds
    for probe in probes:
        probe.start()
    return {probe.name: probe.read(deadline) for probe in probes}
