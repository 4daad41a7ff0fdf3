"""Parameters: checks that lists and reports share: the names of a request's parameters, and the parameter `limit`."""

from collections.abc import Collection, Iterable

from tracker.collection.refusal import Refusal


def check_names(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Check that all given parameters are known: a misspelt filter must not be ignored. `what`: what has the known
    parameters, such as "A report". Raises Refusal."""
    for name in given:
        if name not in known:
            raise Refusal(400, "unknown_parameter", f"{what} has the parameters {', '.join(known)}.", name[:100])


def read_limit(text: str, most: int, usual: int) -> int:
    """Read the parameter `limit`: the number of rows, from 1 to `most`. An empty text gives `usual`. Raises Refusal."""
    if not text:
        return usual
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    raise Refusal(400, "bad_limit", f"limit must be a number from 1 to {most}.", "limit")
