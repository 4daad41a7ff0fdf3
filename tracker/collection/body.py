"""Body: reads the query string and the body of a request, and returns the parameters of each hit. Pure."""

import json
import re
import zlib
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tracker.collection.refusal import Refusal

MAX_BODY = 1 << 20
MAX_HIT = 1 << 16
MAX_HITS = 500
MAX_PARAMETERS = 200
#: The most members of a gzip body. Concatenated gzip files make a body of several members.
MAX_MEMBERS = 100
#: The most JSON tokens of a damaged array that are searched for good hits. More would take too long.
MAX_TOKENS = 250_000
#: If an array has more commas than this, its hits are counted before it is decoded, because there may be far too many.
MAX_COMMAS = 50_000

FORM = "application/x-www-form-urlencoded"
JSON_TYPES = frozenset({"", "application/json", "text/plain", "text/json", "application/octet-stream"})

# Floats stay texts as they were sent. Otherwise amounts of money would become binary fractions.
_decoder = msgspec.json.Decoder(float_hook=str)
_lenient = json.JSONDecoder(
    parse_float=str, parse_int=lambda digits: int(digits[:400]), parse_constant=str, strict=False
)
_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
#: A JSON string, even without an end, or a JSON punctuation mark. The expression never backtracks.
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


#: The parameters of one hit, or the refusal of the hit.
Item = dict[str, Any] | Refusal


def read_items(query: str, body: bytes, content_type: str, encoding: str) -> list[Item]:
    """Read the parameters of each hit in a request. For a hit that can't be read, its refusal is returned. Raises
    Refusal if the whole request can't be read.

    For a single hit in the body, the parameters of the query string are defaults. For an array of hits, only the
    query's `site` is a default.
    """
    defaults = read_form(query)
    body = unpack(body, encoding)
    if not body.strip():
        return [defaults]
    media = content_type.partition(";")[0].strip().lower()
    if media == FORM and not body.lstrip().startswith((b"{", b"[")):  # curl -d '{...}' sends JSON as a form.
        return [{**defaults, **read_form(_as_text(body))}]
    if media not in (*JSON_TYPES, FORM) and not media.endswith("+json"):
        raise Refusal(415, "unsupported_media_type", f"{media[:80]!r} can't be read as hits; send JSON or a form.")
    return read_json(body.removeprefix(b"\xef\xbb\xbf").strip(), defaults)


def read_json(body: bytes, defaults: dict[str, Any]) -> list[Item]:
    """Read the parameters of the hits in a JSON body, which is one object or an array of objects. `defaults`: the
    parameters of the query string. Raises Refusal."""
    if not body.startswith(b"["):
        item = read_json_hit(body)
        return [{**defaults, **item} if isinstance(item, dict) else item]
    hits = split_array(body)
    if not hits:
        raise Refusal(400, "no_hits", "The array is empty.")
    if len(hits) > MAX_HITS:
        raise Refusal(413, "too_many_hits", f"An array may hold at most {MAX_HITS} hits.")
    site = {"site": defaults["site"]} if "site" in defaults else {}
    items = [read_json_hit(hit) for hit in hits]
    return [{**site, **item} if isinstance(item, dict) else item for item in items]


def read_json_hit(text: bytes | memoryview) -> Item:
    """Read the parameters of one hit from the text of a JSON object. If it can't be a hit, return (not raise) a
    Refusal."""
    try:
        hit = decode_json(text)
    except _UNREADABLE:
        return Refusal(400, "bad_json", "This is no JSON, or it is nested too deep.")
    if len(text) > MAX_HIT:
        return Refusal(413, "too_large", "A hit may have at most 64 KiB.")
    return hit if isinstance(hit, dict) else Refusal(400, "bad_hit", "A hit is a JSON object.")


def read_object(text: str) -> Any:
    """Read a JSON value as `decode_json` does; None if the text is no JSON."""
    try:
        return decode_json(text.encode("utf-8", "surrogatepass"))
    except _UNREADABLE:
        return None


def decode_json(text: bytes | memoryview) -> Any:
    """Read a JSON value, and tolerate texts that are no valid Unicode. Raises one of the errors in _UNREADABLE.

    Bytes that aren't UTF-8 become lone surrogates. Numbers with a fraction, and NaN, become texts.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return _lenient.decode(bytes(text).decode("utf-8", "surrogateescape"))


def split_array(body: bytes) -> list[bytes | memoryview]:
    """Split a JSON array into its elements, each as JSON text. Raises Refusal if the text is no array.

    An element may be damaged; the caller refuses it alone. If the array has more than MAX_HITS elements, the result may
    lack some, but it still has more than MAX_HITS.
    """
    if body.count(b",") > MAX_COMMAS:
        parts = _split_by_punctuation(body)
        if len(parts) > MAX_HITS:
            return parts
    try:
        return [memoryview(raw) for raw in _array_decoder.decode(body)]
    except _UNREADABLE:
        parts = _split_by_punctuation(body)
    if not parts:
        raise Refusal(400, "bad_json", "The body is no JSON array.")
    return parts


def _split_by_punctuation(body: bytes) -> list[bytes | memoryview]:
    """Split a JSON array at its commas, even if some of its elements are damaged. At most MAX_HITS + 1 elements are
    returned; [] if the text is no array."""
    parts: list[bytes | memoryview] = []
    depth = start = 0
    for token in islice(_JSON_TOKEN.finditer(body), MAX_TOKENS):
        mark = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth == 0 or (depth == 1 and mark == b","):
            parts.append(body[start : token.start()])
        if len(parts) > MAX_HITS:
            return parts
        if depth == 0:
            break
        if depth == 1 and mark in b"[,":
            start = token.end()
    return [] if depth or body[token.end() :].strip() else parts


def read_form(text: str) -> dict[str, Any]:
    """Read the parameters of a query string or a form. If a name comes several times, the last value is taken. Raises
    Refusal.

    Bytes that aren't UTF-8 become lone surrogates.
    """
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PARAMETERS))
    except ValueError as error:
        raise Refusal(400, "bad_query", f"At most {MAX_PARAMETERS} parameters.") from error


def _as_text(form: bytes) -> str:
    if len(form) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have at most 64 KiB.")
    return form.decode(errors="surrogateescape")


def unpack(body: bytes, encoding: str) -> bytes:
    """Decompress the body of a request. `encoding`: the header Content-Encoding. Raises Refusal if the body can't be
    decompressed, or is too large."""
    if len(body) > MAX_BODY:
        raise too_large()
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, "unsupported_encoding", f"{encoding[:80]!r} can't be read; send gzip or none.")
    return _unzip(body)


def _unzip(body: bytes) -> bytes:
    """Decompress a gzip body, which may consist of several gzip files. Zeros after the last one are ignored. Raises
    Refusal."""
    plain = b""
    for _ in range(MAX_MEMBERS):
        unzip = zlib.decompressobj(wbits=31)
        try:
            plain += unzip.decompress(body, MAX_BODY + 1 - len(plain))
        except zlib.error as error:
            raise Refusal(400, "bad_gzip", "The body is no gzip.") from error
        if len(plain) > MAX_BODY:
            raise too_large()
        if not unzip.eof:
            raise Refusal(400, "bad_gzip", "The gzip body has no end.")
        body = unzip.unused_data.lstrip(b"\0")
        if not body:
            return plain
    raise Refusal(400, "bad_gzip", f"A gzip body may have at most {MAX_MEMBERS} members.")


def too_large() -> Refusal:
    """Return the refusal of a request that has more than MAX_BODY bytes."""
    return Refusal(413, "too_large", "A request may have at most 1 MiB.")
