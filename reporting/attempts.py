"""Attempts: does work on marks, one mark after the other. If work fails, this is logged and the others go on. An outage
ends the whole."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: If a service is away this many times in a row, it is an outage. A single time may concern one mark only: a partition
#: that is too large times out each time.
OUTAGE = 3


class Attempts:
    """Tries work. If it fails, the failure is logged and the mark stays."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """Return the work's result; None if it failed, which is logged as `trouble`. In an outage it raises what AWAY
        names."""
        try:
            done = work()
        except AWAY as error:
            self._away.append(error)
            self._in_a_row += 1
            if self._in_a_row == OUTAGE:
                raise
            logger.warning("%s: %r", trouble, error)
            return None
        except Exception:
            logger.exception(trouble)
            return None
        self._in_a_row = 0
        return done

    def end(self) -> None:
        """Raise the last error of a service that was away and was passed over."""
        if self._away:
            raise self._away[-1]
