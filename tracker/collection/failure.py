"""Failure: the errors of work after collection: temporary ones (Transient) and lasting ones (Permanent). Pure."""


class Failure(Exception):
    """Work could not be done. The text says why. A command shows it as its last line."""


class Transient(Failure):
    """A service is away or too slow. The request was valid; wait and try again."""


class Permanent(Failure):
    """The data is damaged, of another form or missing. Another try cannot help."""
