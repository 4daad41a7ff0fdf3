"""Parameters: checks the names of a request's parameters, and reads the parameter `limit`. Lists and reports use
both."""

from collections.abc import Collection, Iterable

from tracker.collection.refusal import Refusal


def check_names(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Check that all given parameters are known: a misspelt filter must not be ignored. Raises Refusal. `what`: the
    subject of the refusal's sentence, such as "A report"."""
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
