"""Log: formats log records as lines of limited length. Events that strangers can cause at will are logged without a
traceback, and only a few each minute."""

import logging
import time
from collections.abc import Callable
from threading import Lock

#: The most characters of a message. A message is bounded because names and addresses in it may come from strangers.
LONGEST = 2_000
LONGEST_OF_STRANGERS = 300
#: Each logger of events that strangers can cause writes at most LINES lines in MINUTE seconds.
LINES, MINUTE = 5, 60.0


class Line(logging.Formatter):
    """Formats a log record as one line. A traceback, if there is one, follows on further lines."""

    longest = LONGEST

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Format the record's message as one line: cut it to `longest` characters, and escape control characters."""
        if len(record.message) > self.longest:
            record.message = f"{record.message[: self.longest]}..."
        record.message = record.message.translate(ESCAPES)
        return super().formatMessage(record)


ESCAPES = {code: f"\\x{code:02x}" for code in range(32)}


class StrangersLine(Line):
    """Formats a log record that strangers can cause: as one short line, without a traceback."""

    longest = LONGEST_OF_STRANGERS

    def format(self, record: logging.LogRecord) -> str:
        """Format a log record as one line. Its traceback is left out."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        return self.formatMessage(record)


class Seldom(logging.Filter):
    """Logging filter that lets at most LINES records of each logger through in a minute. The first record of a later
    minute says how many were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be logged, because its logger has logged fewer than LINES in this minute."""
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
