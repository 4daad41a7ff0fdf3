"""Macros: fills in names in braces, such as `{click_id}`, in an ad's destination. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

#: The start of a URL: scheme and host. Macros are filled in only after it.
_HOST = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
NAMES = ("click_id", "ad", "campaign", "site", "ts", "rand")
#: A macro, with plain or percent-encoded braces.
_MACRO = re.compile(rf"(?:\{{|%7B)({'|'.join(NAMES)})(?:\}}|%7D)", re.IGNORECASE)


def fill_in(destination: str, values: Mapping[str, str]) -> str:
    """Replace the macros in a URL by their values, percent-encoded. Macros in the host and other text in braces stay as
    they are."""
    host = _HOST.match(destination)
    start = host.end() if host else len(destination)
    filled = _MACRO.sub(lambda macro: quote(values[macro[1].lower()], safe=""), destination[start:])
    return destination[:start] + filled
