"""Log: records -> lines of bounded length. Events that strangers can cause are logged rarely, without a traceback."""

import logging
import time
from collections.abc import Callable
from threading import Lock

#: A message has at most this many characters, because a name or an address in it may be a stranger's.
LONGEST = 2_000
LONGEST_OF_STRANGERS = 300
#: Of the lines that strangers can cause, each logger writes at most LINES in MINUTE seconds.
LINES, MINUTE = 5, 60.0


class Line(logging.Formatter):
    """Writes a record as one line, and the traceback if there is one."""

    longest = LONGEST

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Write the message without characters that would start another line."""
        if len(record.message) > self.longest:
            record.message = f"{record.message[: self.longest]}..."
        record.message = record.message.translate(ESCAPES)
        return super().formatMessage(record)


ESCAPES = {code: f"\\x{code:02x}" for code in range(32)}


class StrangersLine(Line):
    """Writes a record as one short line, without a traceback."""

    longest = LONGEST_OF_STRANGERS

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        return self.formatMessage(record)


class Seldom(logging.Filter):
    """Passes at most LINES lines of each logger in a minute. If more came, the first line of a later minute says how
    many were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes."""
        now = self._clock()
        with self._lock:
            began, count = self._seen.get(record.name, (now, 0))
            if now - began >= MINUTE:
                if count > LINES:
                    record.msg = f"{count - LINES} more were left out; now: {record.getMessage()}"
                    record.args = ()
                began, count = now, 0
            self._seen[record.name] = (began, count + 1)
        return count < LINES
