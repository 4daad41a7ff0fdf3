"""Answer: makes the HTTP response to a request with hits."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from tracker.collection.collect import Collected, NoHit
from tracker.collection.refusal import Refusal
from tracker.errors import describe

#: One transparent pixel, 43 bytes.
GIF = b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
EXPOSED = "X-Hit-Error, Retry-After"


def accepted(collected: Collected) -> HttpResponse:
    """Make the response to a request of which at least one hit was accepted. The response also lists the refused hits
    with their reasons."""
    notes = {"notes": _plain(collected.notes)} if collected.notes else {}
    return _json({"accepted": len(collected.hits), "rejected": _plain(collected.rejected), **notes}, 200)


def refused(refusal: Refusal) -> HttpResponse:
    """Make the response to a request of which no hit was accepted. The body has the error. If the hits could be read,
    the body also lists them with their reasons.

    The header X-Hit-Error shows the snippet that the tracker refused the hits. A proxy in front of the tracker may
    answer with the same status, but without this header.
    """
    body: dict[str, Any] = {"error": describe(refusal)}
    if isinstance(refusal, NoHit) or refusal.status == 400:
        body["rejected"] = _plain(refusal.rejected) if isinstance(refusal, NoHit) else []
    return _json(body, refusal.status, {"X-Hit-Error": refusal.code, **refusal.headers()})


def pixel(refusal: Refusal | None = None) -> HttpResponse:
    """Make the response to an image tag: a transparent image. If the hit was refused, the status and the header
    X-Hit-Error say why."""
    wrong = {"X-Hit-Error": refusal.code, **refusal.headers()} if refusal else {}
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", **wrong}
    return _answer(GIF, "image/gif", refusal.status if refusal else 200, headers)


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Make the response to a CORS preflight request, in which a browser asks whether a page may send hits. Pages of
    every origin may send hits. `methods`: the allowed HTTP methods."""
    response = allow_any_origin(request, HttpResponse(status=204))
    response.headers["Access-Control-Allow-Methods"] = methods
    asked_for = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    response.headers["Access-Control-Allow-Headers"] = asked_for or "Authorization, Content-Encoding, Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def allow_any_origin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the CORS headers that let the page read the response, whatever its origin is.

    The headers contain the page's origin and not `*`. A beacon always sends credentials, and for a request with
    credentials browsers don't accept `*`.
    """
    origin = request.META.get("HTTP_ORIGIN")
    response.headers["Access-Control-Allow-Origin"] = origin or "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if origin:
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response


def _plain(rejected: Mapping[int, Refusal]) -> list[dict[str, Any]]:
    """Convert refusals of hits to JSON objects with the index of the hit in the request: {0: refusal} gives [{"index":
    0, "code": ...}]."""
    return [{"index": index, **describe(refusal)} for index, refusal in sorted(rejected.items())]


def _json(body: dict[str, Any], status: int, more: Mapping[str, str] | None = None) -> HttpResponse:
    return _answer(msgspec.json.encode(body), "application/json", status, more)


def _answer(body: bytes, media: str, status: int, more: Mapping[str, str] | None) -> HttpResponse:
    headers = {
        "Content-Type": media,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **(more or {}),
    }
    return HttpResponse(body, status=status, headers=headers)
