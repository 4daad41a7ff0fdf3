"""Probe: a question to a service, asked aside with a time limit, so that one that hangs holds up nobody.

However many ask, a service gets one question at a time, and none while the last answer is fresh.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar

import msgspec
from django.db import connections

logger = logging.getLogger(__name__)

#: So long an answer is given again.
FRESH_SECONDS = 1.0
#: So long one is waited for.
WAIT_SECONDS = 2.0

T = TypeVar("T")


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What a service said. `up`, with a value; `down`, where the question failed; `slow`, where it is still out."""

    state: str
    seconds: float
    value: T | None = None


class Probe(Generic[T]):
    """One question; its thread starts with the first one who asks and ends with the answer."""

    def __init__(self, name: str, ask: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._ask = ask
        self._clock = clock
        self._changed = Condition()
        self._asked_at = float("-inf")
        self._out = False
        self._last: Answer[T] | None = None

    def start(self) -> None:
        """Asks, unless the question is out or was answered a moment ago."""
        with self._changed:
            if self._out or self._clock() - self._asked_at < FRESH_SECONDS:
                return
            self._out, self._asked_at = True, self._clock()
        # A daemon, so that a service that hangs holds up no exit.
        Thread(target=self._work, name=f"probe {self.name}", daemon=True).start()

    def read(self, deadline: float) -> Answer[T]:
        """The answer, waited for until `deadline` (by the clock)."""
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
    """Every answer, all asked side by side, within so many seconds."""
    deadline = time.monotonic() + seconds
    for probe in probes:
        probe.start()
    return {probe.name: probe.read(deadline) for probe in probes}
