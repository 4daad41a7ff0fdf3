"""Answer: what became of a request's hits -> the response that a page, a server or an image tag gets."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from tracker.collection.body import Refusal
from tracker.collection.collect import Collected, NoHit, Reason
from tracker.errors import error_body

#: One transparent pixel, 43 bytes.
GIF = b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
EXPOSED = "X-Hit-Error, Retry-After"


def accepted(collected: Collected) -> HttpResponse:
    """At least one hit is durable."""
    rejected = [_plain(reason) for reason in collected.rejected]
    return _json({"accepted": len(collected.hits), "rejected": rejected}, 200)


def refused(refusal: Refusal) -> HttpResponse:
    """Nothing was taken, in the shape of every error; of a request that could be read, with the reason of each hit."""
    body = error_body(refusal.code, refusal.detail, refusal.field)
    if isinstance(refusal, NoHit) or refusal.status == 400:
        reasons = refusal.rejected if isinstance(refusal, NoHit) else []
        body["rejected"] = [_plain(reason) for reason in reasons]
    return _json(body, refusal.status, refusal.headers())


def pixel(refusal: Refusal | None = None) -> HttpResponse:
    """The image in any case; what was wrong is in the status and in X-Hit-Error."""
    wrong = {"X-Hit-Error": refusal.code, **refusal.headers()} if refusal else {}
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", **wrong}
    return _answer(GIF, "image/gif", refusal.status if refusal else 200, headers)


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """The answer to a browser that asks whether it may send a hit; it may."""
    response = allow_any_origin(request, HttpResponse(status=204))
    response.headers["Access-Control-Allow-Methods"] = methods
    asked_for = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    response.headers["Access-Control-Allow-Headers"] = asked_for or "Authorization, Content-Encoding, Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def allow_any_origin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """CORS for every page, also for a beacon, which always asks with credentials: then `*` would not do."""
    origin = request.META.get("HTTP_ORIGIN")
    response.headers["Access-Control-Allow-Origin"] = origin or "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if origin:
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response


def _plain(reason: Reason) -> dict[str, Any]:
    return {"index": reason.index, "code": reason.code, "field": reason.field or None, "detail": reason.detail}


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
