"""Known: the result of looking up a key in the configuration, perhaps from a cache. Pure."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Known(msgspec.Struct, Generic[T], frozen=True):
    """The result of a look-up: the value, or None if the key doesn't exist.

    `checked` is False if the database didn't answer; the value is then the last known one. `until`: the time of the
    cache's clock (s) at which the entry expires.
    """

    value: T | None
    checked: bool = True
    until: float = 0.0
