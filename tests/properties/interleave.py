"""Interleave: runs real code in steps. Each call of the store, the marks or the configuration is one step.

Between two steps any other actor may run, and any actor may be killed. Actors are greenlets in one thread, and a seed
repeats a run.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from conversions.store.port import BoundedRows


class Dies(Exception):
    """The actor's process is killed at this step."""


def pause() -> None:
    """Let the scheduler choose the next actor. Outside of an actor, do nothing."""
    scheduler = getcurrent().parent
    if scheduler is not None:
        scheduler.switch()


class Stepped:
    """Wraps an object; each call of one of its methods is one step.

    The methods in `one_by_one` handle each item of their last argument in a step of its own, like a store without
    transactions. An item with parts takes a step for each part.
    """

    def __init__(
        self,
        target: Any,
        one_by_one: Iterable[str] = (),
        parts: Callable[[Any], Iterable[Any]] = lambda item: [item],
    ) -> None:
        self._target = target
        self._one_by_one = frozenset(one_by_one)
        self._parts = parts

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._target, name)

        def step(*args: Any, **more: Any) -> Any:
            if name not in self._one_by_one:
                pause()
                return method(*args, **more)
            *head, items = args
            found: list[Any] = []
            for item in chain.from_iterable(map(self._parts, items)):
                pause()
                found.append(method(*head, [item], **more))
            return together(found)

        return step


def together(parts: list[Any]) -> Any:
    """Combine the results of several calls to the result of one call."""
    if parts and isinstance(parts[0], BoundedRows):
        return BoundedRows([row for part in parts for row in part.rows], any(part.is_cut for part in parts))
    return [item for part in parts for item in part or ()]


class Actor:
    """A simulated process. It calls `work` again and again, until `work` returns False because there is nothing to
    do."""

    def __init__(self, work: Callable[[], bool]) -> None:
        self._work = work
        self._running: greenlet | None = None

    @property
    def is_running(self) -> bool:
        """Whether the actor is in the middle of its work."""
        return self._running is not None and not self._running.dead

    def step(self) -> bool:
        """Run to the next pause; return whether there was anything to do."""
        if self._running is None or self._running.dead:
            self._running = greenlet(self._work)
        result = self._running.switch()
        return not self._running.dead or bool(result)

    def die(self) -> None:
        """Kill the actor at its present step."""
        if self._running is not None and not self._running.dead:
            self._running.throw(GreenletExit)
        self._running = None
