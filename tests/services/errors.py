"""The one error of this package."""


class ServiceError(Exception):
    """A service can't be had, started or stopped. The message says why and what to do about it."""
