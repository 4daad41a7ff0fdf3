"""Away: the exceptions that mean that a service or the machine fails, while the request and its hits are fine."""

from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError

from tracker.collection.failure import Transient

#: A service that can't be reached; a database without the tables of this version, which PostgreSQL tells by the next
#: three; a machine that is out of memory, files or disk.
AWAY = (Transient, OperationalError, InterfaceError, ProgrammingError, InternalError, MemoryError, OSError)
