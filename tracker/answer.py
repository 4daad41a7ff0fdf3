"""Answer: makes the HTTP response to a page, server or image tag that sent hits."""

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
    """Make the response to a request of which at least one hit was accepted. It lists the refused ones with their
    reasons."""
    notes = {"notes": _plain(collected.notes)} if collected.notes else {}
    return _json({"accepted": len(collected.hits), "rejected": _plain(collected.rejected), **notes}, 200)


def refused(refusal: Refusal) -> HttpResponse:
    """Make the response to a request of which no hit was accepted. Its body has the form of every error answer. If the
    hits could be read, it also lists the reason for each hit.

    The header X-Hit-Error shows the snippet that the tracker refused the hits, and not a proxy between them.
    """
    body: dict[str, Any] = {"error": describe(refusal)}
    if isinstance(refusal, NoHit) or refusal.status == 400:
        body["rejected"] = _plain(refusal.rejected) if isinstance(refusal, NoHit) else []
    return _json(body, refusal.status, {"X-Hit-Error": refusal.code, **refusal.headers()})


def pixel(refusal: Refusal | None = None) -> HttpResponse:
    """Make the response with the transparent image. If the hit was refused, the status and X-Hit-Error say why."""
    wrong = {"X-Hit-Error": refusal.code, **refusal.headers()} if refusal else {}
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", **wrong}
    return _answer(GIF, "image/gif", refusal.status if refusal else 200, headers)


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Make the response to a CORS preflight request. Every origin may send hits."""
    response = allow_any_origin(request, HttpResponse(status=204))
    response.headers["Access-Control-Allow-Methods"] = methods
    asked_for = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    response.headers["Access-Control-Allow-Headers"] = asked_for or "Authorization, Content-Encoding, Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def allow_any_origin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the CORS headers that let a page of any origin read the response.

    They name the request's origin instead of `*`: beacons always send credentials, and browsers don't accept `*` then.
    """
    origin = request.META.get("HTTP_ORIGIN")
    response.headers["Access-Control-Allow-Origin"] = origin or "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if origin:
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response


def _plain(rejected: Mapping[int, Refusal]) -> list[dict[str, Any]]:
    """Convert refusals (by the index of their hit) to JSON objects, in the order of the request."""
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
