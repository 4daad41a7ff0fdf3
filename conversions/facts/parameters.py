"""Parameters: an address as pages and mailers make it -> its parameters, wherever they stand in it. Pure."""

import re
from urllib.parse import unquote_plus

from conversions.rules.ads import CLICK_IDS, UTM_TAGS

MAX_PARAMETERS = 200
#: What we look for, in the case in which it is kept.
NAMES = {name.lower(): name for name in (*(f"utm_{tag}" for tag in UTM_TAGS), *CLICK_IDS, "hl_ad", "hl_click")}
_BEGIN = re.compile(r"[?#&]")
#: `&amp;` as HTML writes it, once or more often.
_AMP = re.compile(r"&(?:amp;|#38;)+")
#: Between parameters stand & and #. A ? or a ; does so too, if what we look for comes after it.
_BETWEEN = re.compile(rf"[&#]|[?;](?=(?:amp;)*(?:{'|'.join(NAMES)})=)", re.IGNORECASE)


def read_parameters(url: str) -> list[tuple[str, str]]:
    """Names and values in the order of the address, the empty ones left out, and no more than MAX_PARAMETERS."""
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
    """What stands between an address without fragment and a parameter that is added to it."""
    if "?" not in page:
        return "?"
    return "" if page.endswith(("?", "&")) else "&"
