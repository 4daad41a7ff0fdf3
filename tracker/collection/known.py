"""Known: the result of looking up a key, such as a site's key, in the configuration or in its cache. Pure."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Known(msgspec.Struct, Generic[T], frozen=True):
    """The result of looking up a key. `value`: None if nothing has this key.

    `checked`: False if the database didn't answer; then `value` is the value that was found last. `until`: when the
    cache must ask again, in seconds of the cache's clock.
    """

    value: T | None
    checked: bool = True
    until: float = 0.0
