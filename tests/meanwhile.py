"""Meanwhile: something else happens between two steps of a process, as if the process had stalled there."""

from collections.abc import Callable
from typing import Any


class Meanwhile:
    """A store or a list. Before one of its methods first runs, something else happens."""

    def __init__(self, target: Any, method: str, happens: Callable[[], Any]) -> None:
        self._target, self._method, self._happens = target, method, happens

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._method = ""
            self._happens()
        return getattr(self._target, name)
