"""Failure: why work behind the door can't be done, now (Transient) or ever (Permanent). Pure."""


class Failure(Exception):
    """Work could not be done; the text says why. A command shows it as its last line."""


class Transient(Failure):
    """A service is away or too slow. Nothing is wrong with what it was asked: wait and ask again."""


class Permanent(Failure):
    """What was read is damaged, of another form or not there. Asking again cannot help."""
