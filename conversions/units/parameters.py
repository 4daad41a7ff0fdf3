"""Parameters: reads the values of a request's parameters, and checks their names. Lists and reports use both. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol, TypeVar, runtime_checkable

from tracker.collection.refusal import Refusal

T = TypeVar("T", bound=str)


@runtime_checkable
class MultiValues(Protocol):
    """The parameters of a request, such as Django's QueryDict. A parameter may have several values."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of the parameter `key`; [] if it is absent."""


def values_of(parameters: Mapping[str, str], name: str) -> list[str]:
    """Return all values of a parameter; [] if it is absent."""
    if isinstance(parameters, MultiValues):
        return parameters.getlist(name)
    return [parameters[name]] if name in parameters else []


def check_names(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Check that all given parameters are known: a misspelt filter must not be ignored. Raises Refusal. `what`: the
    subject of the refusal's sentence, such as "A report"."""
    for name in given:
        if name not in known:
            raise Refusal(400, "unknown_parameter", f"{what} has the parameters {', '.join(known)}.", name[:100])


def read_one_of(parameters: Mapping[str, str], field: str, choices: tuple[T, ...], usual: T) -> T:
    """Read a parameter whose value must be one of `choices`. If it is absent or empty, return `usual`. Raises
    Refusal."""
    given = parameters.get(field)
    if not given:
        return usual
    for choice in choices:
        if choice == given:
            return choice
    raise Refusal(400, f"bad_{field}", f"{field} must be one of {', '.join(choices)}.", field)


def read_limit(text: str, most: int, usual: int) -> int:
    """Read the parameter `limit`: the number of rows, from 1 to `most`. An empty text gives `usual`. Raises Refusal."""
    if not text:
        return usual
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    raise Refusal(400, "bad_limit", f"limit must be a number from 1 to {most}.", "limit")
