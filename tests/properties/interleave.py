"""Actors that run real code in steps: each call of the store, the marks or the configuration is one step.

Between any two steps any other actor may run, and any actor may die. Actors are greenlets in one thread, so a run is
repeatable from its seed.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet


class Dies(Exception):
    """The process of an actor is killed at this step."""


def pause() -> None:
    """Lets the scheduler choose who goes on; outside of an actor nothing happens."""
    scheduler = getcurrent().parent
    if scheduler is not None:
        scheduler.switch()


class Stepped:
    """Any object, each call of its methods a step of its own; the named methods take their last argument's items one by
    one, as a store that is no transaction would; an item that has parts, part by part."""

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

        def step(*args: Any) -> Any:
            if name not in self._one_by_one:
                pause()
                return method(*args)
            *head, items = args
            found: list[Any] = []
            for item in chain.from_iterable(map(self._parts, items)):
                pause()
                found.extend(method(*head, [item]) or [])
            return found

        return step


class Actor:
    """One process: runs `work` from its beginning each time it is free, until `work` says there is nothing to do."""

    def __init__(self, work: Callable[[], bool]) -> None:
        self._work = work
        self._running: greenlet | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is somewhere in its work."""
        return self._running is not None and not self._running.dead

    def step(self) -> bool:
        """Runs to the next pause; gives whether there was anything to do."""
        if self._running is None or self._running.dead:
            self._running = greenlet(self._work)
        result = self._running.switch()
        return not self._running.dead or bool(result)

    def die(self) -> None:
        """Kills it where it stands."""
        if self._running is not None and not self._running.dead:
            self._running.throw(GreenletExit)
        self._running = None
