"""Macros: an ad's destination with names in braces, such as `{click_id}` -> the address of the page for one click.
Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

#: The beginning of an address, scheme and host. Macros are filled in only behind it.
_HOST = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
NAMES = ("click_id", "ad", "campaign", "site", "ts", "rand")
#: A macro as people type it; and with braces that forms or browsers encoded.
_MACRO = re.compile(rf"(?:\{{|%7B)({'|'.join(NAMES)})(?:\}}|%7D)", re.IGNORECASE)


def fill_in(destination: str, values: Mapping[str, str]) -> str:
    """Replace the macros behind the host by their values, percent-encoded. Other text in braces stays as it is."""
    host = _HOST.match(destination)
    start = host.end() if host else len(destination)
    filled = _MACRO.sub(lambda macro: quote(values[macro[1].lower()], safe=""), destination[start:])
    return destination[:start] + filled
