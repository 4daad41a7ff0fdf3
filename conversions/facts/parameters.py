"""Parameters: an address -> its parameters, however pages and mailers wrote them. Pure."""

import re
from urllib.parse import unquote_plus

from conversions.rules.ads import CLICK_IDS, UTM_TAGS

MAX_PARAMETERS = 200
#: The campaign parameters and the tracker's own: name in lower case -> name as it is kept.
NAMES = {name.lower(): name for name in (*(f"utm_{tag}" for tag in UTM_TAGS), *CLICK_IDS, "hl_ad", "hl_click")}
_BEGIN = re.compile(r"[?#&]")
#: An ampersand that HTML escaped once or more often.
_AMP = re.compile(r"&(?:amp;|#38;)+")
#: Parameters are separated by & and #. A ? or a ; separates only if one of NAMES comes after it.
_BETWEEN = re.compile(rf"[&#]|[?;](?=(?:amp;)*(?:{'|'.join(NAMES)})=)", re.IGNORECASE)


def read_parameters(url: str) -> list[tuple[str, str]]:
    """Read names and values in the order of the address. Empty values are left out, and at most MAX_PARAMETERS are
    read."""
    begin = _BEGIN.search(url)
    if begin is None:
        return []
    pieces = _BETWEEN.split(_AMP.sub("&", url[begin.end() :]), MAX_PARAMETERS)[:MAX_PARAMETERS]
    found = []
    for piece in pieces:
        name, _, value = piece.partition("=")
        if value:
            found.append((_name(unquote_plus(name)), unquote_plus(value)))
    return found


def _name(text: str) -> str:
    name = text.removeprefix("?")
    while name.startswith("amp;"):
        name = name[4:]
    return NAMES.get(name.lower(), name)


def joint(page: str) -> str:
    """The text between an address without a fragment and a parameter that is added to it."""
    if "?" not in page:
        return "?"
    return "" if page.endswith(("?", "&")) else "&"
