"""Errors: the error of this package."""


class ServiceError(Exception):
    """A service can't be installed, started or stopped. The message says why, and what to do about it."""
