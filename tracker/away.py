"""Away: the exceptions that mean that a service or the machine fails, while the request and its hits are valid."""

from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError

from tracker.collection.failure import Transient

#: A service can't be reached (Transient); or the database can't be reached, or lacks the tables of this version, for
#: which different databases raise different errors of these four; or a machine has run out of memory, files or disk.
AWAY = (Transient, OperationalError, InterfaceError, ProgrammingError, InternalError, MemoryError, OSError)
