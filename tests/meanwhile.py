"""Meanwhile: lets something happen between two steps of a process, as if the process had stalled there."""

from collections.abc import Callable
from typing import Any


class Meanwhile:
    """Wraps a store or a list. Something else happens just before one of its methods is called for the first time."""

    def __init__(self, target: Any, method: str, happens: Callable[[], Any]) -> None:
        self._target, self._method, self._happens = target, method, happens

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._method = ""
            self._happens()
        return getattr(self._target, name)
