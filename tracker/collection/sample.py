"""Sample: what was refused -> how it was written, without what it says of a person. Pure."""

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

#: The most bytes of a sample's body, the most parameters in it, and the most letters of one value.
MAX_BODY, MAX_PARAMETERS, MAX_LETTERS = 1_600, 40, 200
#: The beginning of a body that is looked at, in bytes.
SEEN = 4_096
#: Parameters that say nothing of a person. They are shown as they are.
PLAIN = ("site", "type", "name", "kind", "ts", "sent", "value", "currency", "consent")
ADDRESSES = ("url", "ref")
#: The words of an unreadable body that are shown: names of parameters, and what JSON itself says.
_KNOWN = frozenset(
    (*PLAIN, *ADDRESSES, *TYPES, *KINDS, "id", "visitor", "user", "title", "ad", "order", "click", "props", "match")
) | {"ip", "ua", "p", "true", "false", "null", "NaN", "Infinity", "undefined", "None"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_PERSONAL = re.compile(r"\d|@")  # an encoded @ has a digit
_SITE = re.compile(rb"""["']?\bsite["']?\s*[:=]\s*["']?([A-Za-z0-9._:-]{1,64})""")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One refused hit or request. Letters are shown as `a` and digits as `9` in all that may say who somebody is."""

    at: Annotated[str, Meta(description="When it was refused.")]
    method: str
    path: str
    content_type: str
    origin: Annotated[str, Meta(description="The site of the page that sent it, where the browser says so.")]
    field: str | None
    detail: str
    body: Annotated[str, Meta(description="The hit, or how the body begins; who sent it can't be seen.")]


def sample_of(
    refusal: Refusal, *, at: str, method: str = "", path: str = "", content_type: str = "", origin: str = ""
) -> Sample:
    """The sample of a refusal. The others are the request's own."""
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
    """What was refused, as text: a hit's parameters, or the beginning of a body that could not be read."""
    text = shape(about[:SEEN].decode(errors="replace")) if isinstance(about, bytes) else _parameters(about)
    return _CONTROL.sub(" ", repair(text)).encode()[:MAX_BODY].decode(errors="ignore")


def _parameters(given: Mapping[str, Any]) -> str:
    if not given:
        return ""
    shown = {shape(name[:MAX_LETTERS]): _shown(name, value) for name, value in islice(given.items(), MAX_PARAMETERS)}
    return json.dumps(shown, ensure_ascii=False)


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool) or (name in PLAIN and isinstance(value, int)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if name in ADDRESSES:
        return page_of(text)
    return repair(text[:MAX_LETTERS]) if name in PLAIN and "@" not in text else shape(text[:MAX_LETTERS])


def page_of(address: str) -> str:
    """Host and path of an address; its shape if it has none."""
    try:
        parts = urlsplit(address[:MAX_LETTERS])
        host = parts.hostname
    except ValueError:
        host = None
    return f"{parts.scheme}://{host}{hide_numbers(parts.path)}" if host else shape(address[:MAX_LETTERS])


def hide_numbers(path: str) -> str:
    """A path, with the shape of those of its parts that may be an id or an e-mail address."""
    return "/".join(shape(part) if _PERSONAL.search(part) else part for part in path.split("/"))


def shape(text: str) -> str:
    """How a text is written: its letters as `a`, its digits as `9`. Names of parameters stay."""
    words = _WORD.sub(lambda word: word[0] if word[0] in _KNOWN else "a" * len(word[0]), repair(text))
    return _DIGIT.sub("9", words)


def site_named(query: str, body: bytes) -> str:
    """The site's key that a request names first; empty if it names none where it can be seen."""
    found = _SITE.search(query[:SEEN].encode(errors="replace")) or _SITE.search(body[:SEEN])
    return found[1].decode() if found else ""
