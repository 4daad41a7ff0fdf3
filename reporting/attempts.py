"""Attempts: work on marks, one after the other; one that can't be done holds up no other, an outage ends them all."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tracker.away import AWAY

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: A service may be away, or fail this one alone: a partition that is too large times out each time. After so many in a
#: row it is away, and the others need not wait for it one by one.
OUTAGE = 3


class Attempts:
    """Work that is attempted; what fails is logged, and its mark stays."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], T], trouble: str) -> T | None:
        """What the work gives; None where it fails, with `trouble` in the log. Raises what AWAY names in an outage."""
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
        """Raises the last of the absences that were passed over."""
        if self._away:
            raise self._away[-1]
