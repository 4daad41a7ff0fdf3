"""Attempts: work on marks, one after the other; one that can't be done holds up no other, an outage ends them all."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, ProgrammingError

from tracker.hit import Unavailable

logger = logging.getLogger(__name__)

#: A service is away, or it can't do this one: a partition that is too large times out each time.
AWAY = (Unavailable, OperationalError, InterfaceError, ProgrammingError)
#: After so many in a row it is the service: the others need not wait for it one by one.
OUTAGE = 3


class Attempts:
    """Work that is attempted; what fails is logged, and its mark stays."""

    def __init__(self) -> None:
        self._away: list[Exception] = []
        self._in_a_row = 0

    def make(self, work: Callable[[], bool], trouble: str) -> bool:
        """What the work gives; False where it fails, with `trouble` in the log. Raises what AWAY names in an outage."""
        try:
            done = work()
        except AWAY as error:
            self._away.append(error)
            self._in_a_row += 1
            if self._in_a_row == OUTAGE:
                raise
            logger.warning("%s: %r", trouble, error)
            return False
        except Exception:
            logger.exception(trouble)
            return False
        self._in_a_row = 0
        return done

    def end(self) -> None:
        """Raises the last of the absences that were passed over."""
        if self._away:
            raise self._away[-1]
