"""Sample: shows people how a refused hit was written, without anything that identifies a person. Pure."""

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from tracker.collection.fields import KINDS, TYPES
from tracker.collection.refusal import Refusal
from tracker.collection.text import repair

#: The most bytes of a sample's body, its most parameters, and the most characters of each value.
MAX_BODY, MAX_PARAMETERS, MAX_LETTERS = 1_600, 40, 200
#: The most bytes that a sample shows of a body that can't be read.
SEEN = 4_096
#: Parameters that don't identify a person. They are shown unchanged.
PLAIN = ("site", "type", "name", "kind", "ts", "sent", "value", "currency", "consent")
ADDRESSES = ("url", "ref")
#: The words of an unreadable body that are not masked: names of parameters, and JSON's own words.
_KNOWN = frozenset(
    (*PLAIN, *ADDRESSES, *TYPES, *KINDS, "id", "visitor", "user", "title", "ad", "order", "click", "props", "match")
) | {"ip", "ua", "p", "true", "false", "null", "NaN", "Infinity", "undefined", "None"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_PERSONAL = re.compile(r"\d|@")  # an encoded @ (%40) has a digit
_SITE = re.compile(rb"""["']?\bsite["']?\s*[:=]\s*["']?([A-Za-z0-9._:-]{1,64})""")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A refused hit or request, to show what was wrong. In values that may identify a person, each letter is replaced
    by `a` and each digit by `9`."""

    at: Annotated[str, Meta(description="When it was refused.")]
    method: str
    path: str
    content_type: str
    origin: Annotated[str, Meta(description="The web site whose page sent the hit, if the browser named it.")]
    field: str | None
    detail: str
    body: Annotated[
        str, Meta(description="The hit, or the beginning of the body, without anything that identifies a person.")
    ]


def sample_of(
    refusal: Refusal, *, at: str, method: str = "", path: str = "", content_type: str = "", origin: str = ""
) -> Sample:
    """Make the sample of a refused hit. The other arguments describe its request; `at` is the time of the refusal (ISO
    8601)."""
    return Sample(
        at=at,
        method=method[:10],
        path=repair(path)[:MAX_LETTERS],
        content_type=repair(content_type)[:100],
        origin=repair(origin)[:MAX_LETTERS],
        field=refusal.field or None,
        detail=refusal.detail[:300],
        body=body_of(refusal.about),
    )


def body_of(about: Mapping[str, Any] | bytes) -> str:
    """Write a refused hit as text: its parameters as JSON, or the beginning of a body that could not be read. What may
    identify a person is masked."""
    text = mask(about[:SEEN].decode(errors="replace")) if isinstance(about, bytes) else _parameters(about)
    return _CONTROL.sub(" ", repair(text)).encode()[:MAX_BODY].decode(errors="ignore")


def _parameters(given: Mapping[str, Any]) -> str:
    if not given:
        return ""
    shown = {mask(name[:MAX_LETTERS]): _shown(name, value) for name, value in islice(given.items(), MAX_PARAMETERS)}
    return json.dumps(shown, ensure_ascii=False)


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool) or (name in PLAIN and isinstance(value, int)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if name in ADDRESSES:
        return page_of(text)
    return repair(text[:MAX_LETTERS]) if name in PLAIN and "@" not in text else mask(text[:MAX_LETTERS])


def page_of(address: str) -> str:
    """Return the host and the path of a URL, with numbers in the path masked. If the text has no host, it is masked as
    a whole."""
    try:
        parts = urlsplit(address[:MAX_LETTERS])
        host = parts.hostname
    except ValueError:
        host = None
    return f"{parts.scheme}://{host}{hide_numbers(parts.path)}" if host else mask(address[:MAX_LETTERS])


def hide_numbers(path: str) -> str:
    """Mask those parts of a path that may be an id or an e-mail address: /user/4711 becomes /user/9999."""
    return "/".join(mask(part) if _PERSONAL.search(part) else part for part in path.split("/"))


def mask(text: str) -> str:
    """Mask a text: each letter becomes `a`, each digit `9`. Names of hits' parameters, such as `url`, stay."""
    words = _WORD.sub(lambda word: word[0] if word[0] in _KNOWN else "a" * len(word[0]), repair(text))
    return _DIGIT.sub("9", words)


def site_named(query: str, body: bytes) -> str:
    """Find the site's key in the query string or in the body, even if the body can't be read; "" if neither names
    one."""
    found = _SITE.search(query[:SEEN].encode(errors="replace")) or _SITE.search(body[:SEEN])
    return found[1].decode() if found else ""
