"""Incoming: reads from a Django request with hits what collection needs: headers, query string, body and sender."""

import time

from django.conf import settings
from django.http import HttpRequest

from tracker.collection.address import client_address
from tracker.collection.body import MAX_BODY, too_large
from tracker.collection.collect import Sender
from tracker.collection.refusal import Refusal
from tracker.models import Token

#: The request headers by which browsers say that they prefetch: Chromium's, Chromium's older one, Firefox's, Safari's.
PREFETCH_HEADERS = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ", "HTTP_X_PURPOSE")
PREFETCH_WORDS = ("prefetch", "prerender", "preview")
#: The key of the hashes that stand in for missing visitor ids.
SALT = bytes.fromhex(Token.hash_of(f"visitor {settings.SECRET_KEY}"))


def read_header(request: HttpRequest, name: str) -> str:
    """Read a header as text. `name`: its name in WSGI, such as HTTP_USER_AGENT. Bytes that aren't UTF-8 are replaced,
    NULs removed."""
    value: str = request.META.get(name, "")
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("latin-1", "replace").decode(errors="replace").replace("\0", "")


def read_query_string(request: HttpRequest) -> str:
    """Read the query string, still percent-encoded. Bytes that aren't UTF-8 become lone surrogates."""
    query: str = request.META.get("QUERY_STRING", "")
    return query if query.isascii() else query.encode("latin-1", "replace").decode(errors="surrogateescape")


def read_sender(request: HttpRequest, account: int | None = None) -> Sender:
    """Read who sent a request: IP address, user agent and page. `account`: the id of the account whose ingest token the
    request has; None without a token. The time of receipt is now."""
    meta = request.META
    remote = meta.get("REMOTE_ADDR") or ""
    return Sender(
        received=time.time_ns() // 1_000_000,
        salt=SALT,
        ip=client_address(remote, meta.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXIES),
        ua=read_header(request, "HTTP_USER_AGENT"),
        page=read_header(request, "HTTP_REFERER"),
        account=account,
        prefetch=is_prefetch(request),
    )


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a header says that the browser fetches the page before the person has asked for it."""
    said = [request.META[name].lower() for name in PREFETCH_HEADERS if name in request.META]
    return any(word in purpose for purpose in said for word in PREFETCH_WORDS)


def read_body(request: HttpRequest) -> bytes:
    """Read the body of a request. Raises Refusal if it is too large, or if the client goes away before its end."""
    length = read_length(request)
    if length > MAX_BODY:
        raise too_large()
    try:
        body = request.read(length or MAX_BODY + 1)
    except OSError as error:
        raise Refusal(400, "incomplete", "The body broke off.") from error
    if len(body) < length:
        raise Refusal(400, "incomplete", "The body is shorter than its Content-Length.")
    if not body and "HTTP_TRANSFER_ENCODING" in request.META:
        # The server reports a broken stream as one that ended. If nothing of it was read, the query string would be
        # read as a hit without this check.
        raise Refusal(400, "incomplete", "The chunked body broke off, or holds nothing.")
    return body


def read_length(request: HttpRequest) -> int:
    """Read the header Content-Length; 0 if it is missing or invalid. Django reads it in the same way."""
    try:
        return max(int(request.META.get("CONTENT_LENGTH") or 0), 0)
    except ValueError:
        return 0
