"""Page path: the path of a page's URL, decoded, as goals compare it. Pure."""

import re
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import urlsplit

from conversions.rules.globs import is_like
from tracker.collection.refusal import Refusal

#: Characters that stay escaped, because they have a special meaning in an address or in a glob.
KEPT = frozenset("%/?#*\\")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ADDRESS = re.compile(r"(?:https?:)?//[^/]+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?=/|$)", re.IGNORECASE)
_QUERY = re.compile(r"[?#].*", re.DOTALL)
#: A query or fragment in a glob. A `?` without a `=` after it is the glob's sign for any one character.
_QUERY_IN_GLOB = re.compile(r"#.*|\?[^/?*]*=.*", re.DOTALL)
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")


def page_path(url: str) -> str:
    """Return the decoded path of a page's URL: `https://shop.example/gr%C3%BC%C3%9Fe?x=1` gives `/grüße`."""
    return plain_path(written_path(url))


def written_path(url: str) -> str:
    """Return the path as it is written in a URL, not decoded; `/` if the URL has no path. Empty if the URL is empty or
    can't be parsed."""
    try:
        return url and (urlsplit(url).path or "/")
    except ValueError:
        return ""


def plain_path(path: str) -> str:
    """Decode the percent escapes of a path or of a glob: `/gr%C3%BC%C3%9Fe` becomes `/grüße`.

    Escapes of characters with a special meaning (KEPT) stay.
    """
    if "%" not in path and path.isascii():
        return path
    return normalize("NFC", _ESCAPES.sub(lambda found: _unescape(found[0]), path))


def _unescape(escapes: str) -> str:
    text = bytes.fromhex(escapes.replace("%", "")).decode(errors="surrogateescape")
    return "".join(_escape(letter) if letter in KEPT or not letter.isprintable() else letter for letter in text)


def _escape(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode(errors="surrogateescape"))


def is_path(path: str, text: str) -> bool:
    """Whether a decoded path equals a configured path (`text`), which may have percent escapes."""
    return path == _plain(text)


def is_path_like(path: str, glob: str) -> bool:
    """Whether a glob matches a decoded path. The glob may have percent escapes."""
    return is_like(path, _plain(glob))


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return plain_path(text)


def check_path(text: str, glob: bool) -> None:
    """Check a path that a goal has, or a glob over paths. Raises Refusal if no page can have this path. The message
    says what to write instead."""
    without_host = text[address.end() :] if (address := _ADDRESS.match(text)) else text
    without_query = (_QUERY_IN_GLOB if glob else _QUERY).sub("", without_host, count=1)
    instead = without_query.replace("\\", "/")
    if _DOTS.search(instead):
        raise _never(text, "browsers resolve . and .. in a path", "")
    if not instead.startswith("/") and not (glob and instead.startswith(("*", "?"))):
        instead = f"/{instead}"
    if instead != text:
        raise _never(text, "a path begins with /, and has no host, no query and no #", instead)


def _never(text: str, why: str, instead: str) -> Refusal:
    advice = f" Write {instead}" if instead else ""
    return Refusal(400, "invalid", f"No page has the path {text[:200]}: {why}.{advice}", "path")
