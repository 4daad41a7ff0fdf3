"""Page path: a page's address -> its path, in the one spelling in which goals compare it. Pure."""

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
#: A query or fragment in a glob. A `?` that no `=` follows is the glob for any letter.
_QUERY_IN_GLOB = re.compile(r"#.*|\?[^/?*]*=.*", re.DOTALL)
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")


def page_path(url: str) -> str:
    """The plain path of a page's address."""
    return plain_path(written_path(url))


def written_path(url: str) -> str:
    """The path as it is spelled in the address; `/` if the address has none. It is empty if the address is empty or
    can't be read."""
    try:
        return url and (urlsplit(url).path or "/")
    except ValueError:
        return ""


def plain_path(path: str) -> str:
    """Replace the escapes of a path, or of a glob over paths, by their letters: `/gr%C3%BC%C3%9Fe` becomes `/grüße`."""
    if "%" not in path and path.isascii():
        return path
    return normalize("NFC", _ESCAPES.sub(lambda found: _unescape(found[0]), path))


def _unescape(escapes: str) -> str:
    text = bytes.fromhex(escapes.replace("%", "")).decode(errors="surrogateescape")
    return "".join(_escape(letter) if letter in KEPT or not letter.isprintable() else letter for letter in text)


def _escape(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode(errors="surrogateescape"))


def is_path(path: str, text: str) -> bool:
    """Whether a plain path is the path in a text, which may have escapes."""
    return path == _plain(text)


def is_path_like(path: str, glob: str) -> bool:
    """Whether a glob over paths, which may have escapes, matches a plain path."""
    return is_like(path, _plain(glob))


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return plain_path(text)


def check_path(text: str, glob: bool) -> None:
    """Check the path, or the glob over paths, of a goal. Raises Refusal if no page can have such a path. The message
    says what to write instead."""
    without_host = text[address.end() :] if (address := _ADDRESS.match(text)) else text
    without_query = (_QUERY_IN_GLOB if glob else _QUERY).sub("", without_host, count=1)
    instead = without_query.replace("\\", "/")
    if _DOTS.search(instead):
        raise _never(text, "browsers resolve . and .. in a path", "")
    if not instead.startswith("/") and not (glob and instead.startswith(("*", "?"))):
        instead = f"/{instead}"
    if instead != text:
        raise _never(text, "it has neither host nor query nor #, and it begins with /", instead)


def _never(text: str, why: str, instead: str) -> Refusal:
    advice = f" Write {instead}" if instead else ""
    return Refusal(400, "invalid", f"No page has the path {text[:200]}: {why}.{advice}", "path")
