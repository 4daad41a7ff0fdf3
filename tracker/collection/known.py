"""Known: the result of a look-up in the configuration. Pure."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Known(msgspec.Struct, Generic[T], frozen=True):
    """The value, or None. If `checked` is false, the database didn't answer, and the value is the last known one.

    `until`: the time of the cache's clock, in seconds, from which the value is looked up again.
    """

    value: T | None
    checked: bool = True
    until: float = 0.0
