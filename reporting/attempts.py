"""Attempts: work on marks, one after the other. A failure is logged and the others go on. An outage ends them all."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: How many absences of a service in a row are an outage. A single one may concern one mark: a partition that is too
#: large times out each time.
OUTAGE = 3


class Attempts:
    """Attempts work. A failure is logged, and its mark stays."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """The work's result; None if it fails, which is logged as `trouble`. In an outage it raises what AWAY names."""
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
        """Raise the last absence that was passed over."""
        if self._away:
            raise self._away[-1]
