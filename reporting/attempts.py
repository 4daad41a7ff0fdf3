"""Attempts: does many pieces of work, one after the other. If a piece fails, the error is logged and the next piece is
done. If services are away several times in a row, the error is raised."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: If this many tries in a row find a service away, there is an outage. A single try may fail because of its own work:
#: reading a partition that is too large times out each time.
OUTAGE = 3


class Attempts:
    """Does pieces of work, such as rolling up hours. A piece that fails is logged, and a later task does it again."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """Call `work` and return its result. If it fails, log `trouble` (a text) with the error, and return None. If
        this is the third call in a row that finds a service away, raise the error."""
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
        """If a service was away during any call of `make`, raise the last such error. Call `end` after all work was
        tried."""
        if self._away:
            raise self._away[-1]
