"""Parameters: reads the names and values in a URL's query and fragment. It also reads URLs that a page or a mailer has
damaged. Pure."""

import re
from urllib.parse import unquote_plus

from conversions.rules.ads import CLICK_IDS, UTM_TAGS

MAX_PARAMETERS = 200
#: The campaign parameters and the tracker's own parameters: name in lower case -> usual spelling.
NAMES = {name.lower(): name for name in (*(f"utm_{tag}" for tag in UTM_TAGS), *CLICK_IDS, "hl_ad", "hl_click")}
_BEGIN = re.compile(r"[?#&]")
#: An ampersand that was escaped for HTML, once or several times.
_AMP = re.compile(r"&(?:amp;|#38;)+")
#: Parameters are separated by & or #. A ? or a ; is a separator only in front of one of NAMES.
_BETWEEN = re.compile(rf"[&#]|[?;](?=(?:amp;)*(?:{'|'.join(NAMES)})=)", re.IGNORECASE)


def read_parameters(url: str) -> list[tuple[str, str]]:
    """List the parameters of a URL as (name, value), in order. Empty values are left out. At most MAX_PARAMETERS are
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


def separator_after(page: str) -> str:
    """Return the character that must come between a URL and an appended parameter: `?`, `&` or none. The URL must have
    no fragment."""
    if "?" not in page:
        return "?"
    return "" if page.endswith(("?", "&")) else "&"
