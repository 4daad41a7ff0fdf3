"""Away: AWAY, a tuple of the exceptions that mean that a service or the machine fails. The same request or hit may
succeed later."""

from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError

from tracker.collection.failure import Transient

#: Transient: a service can't be reached. Django's four: the database can't be reached, or it lacks the tables of this
#: version (each database raises a different one). The last two: the machine has run out of memory, files or disk.
AWAY = (Transient, OperationalError, InterfaceError, ProgrammingError, InternalError, MemoryError, OSError)
