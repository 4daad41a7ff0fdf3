"""Failure: the errors of work after collection: temporary (Transient) or lasting (Permanent). Pure."""


class Failure(Exception):
    """Work on accepted hits failed. The message says why; commands show it as their last line."""


class Transient(Failure):
    """A service is away or too slow. The work can be tried again later."""


class Permanent(Failure):
    """Data is damaged, missing, or in an unknown format. Trying again can't help."""
