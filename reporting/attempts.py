"""Attempts: tries one piece of work after the other. A failure is logged, and the next piece is tried. If services are
away several times in a row, everything stops."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: The number of tries in a row that must find a service away to count as an outage. A single one may be the fault of
#: its work: a partition that is too large times out each time.
OUTAGE = 3


class Attempts:
    """Tries pieces of work, such as rolling up hours, and logs those that fail. Failed work is tried again by a later
    task."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """Call `work` and return its result. If it fails, log the error under the message `trouble` and return None. In
        an outage, raise the error, which is one of AWAY."""
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
        """Raise the last error of a service that was away, if there was one. Call it after all work was tried."""
        if self._away:
            raise self._away[-1]
