"""Failure: the errors of work on hits after they were accepted. A Transient error may go away, a Permanent one can't.
Pure."""


class Failure(Exception):
    """Work on accepted hits failed. The message says why; commands print it as their last line."""


class Transient(Failure):
    """A service is away or too slow. The same work may succeed later."""


class Permanent(Failure):
    """Data is damaged, missing, or in an unknown format. The same work will always fail."""
