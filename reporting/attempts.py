"""Attempts: does work on one mark or day after the other. A failure is logged, and the next one is tried. An outage
ends all work."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: If services are away in this many tries in a row, it is an outage. One such try may be the fault of its mark: a
#: partition that is too large times out each time.
OUTAGE = 3


class Attempts:
    """Tries work. A failure is logged, and the mark or the day stays for a later try."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """Return the work's result. If the work fails, log this as `trouble` and return None; in an outage, raise the
        error, which AWAY names."""
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
        """Raise the last error that meant that a service was away, if there was one. Call it after all work was
        tried."""
        if self._away:
            raise self._away[-1]
