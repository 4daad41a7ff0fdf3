"""Forwarded: middleware that believes the header X-Forwarded-Proto only if a trusted proxy sent it. The header says
whether a visitor came by HTTPS.

If the proxy that handles HTTPS isn't trusted, links begin with http:// and forms may fail. Then pages show the operator
what to set.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tracker.collection.address import is_trusted

GetResponse = Callable[[HttpRequest], HttpResponseBase]

DISBELIEVED = "hitledger.disbelieved_proto"
ADVICE = (
    "A proxy in front says that you came by HTTPS, and it is not trusted. Until it is, links and snippets say http://,"
    " and signing in may fail. Name the network of the proxy in TRUSTED_PROXIES; see Security in docs/operation.md."
)


def only_by_proxies(get_response: GetResponse) -> GetResponse:
    """Middleware that removes the header X-Forwarded-Proto unless a trusted proxy sent it. Django would believe
    everybody who sends it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not is_trusted(request.META.get("REMOTE_ADDR") or "", settings.TRUSTED_PROXIES):
            request.META[DISBELIEVED] = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        return get_response(request)

    return answer


def is_misread(request: HttpRequest) -> bool:
    """Whether a proxy that isn't trusted says that the request came by HTTPS."""
    return request.META.get(DISBELIEVED) == "https" and not request.is_secure()


def advise(request: HttpRequest) -> dict[str, Any]:
    """Context processor that gives templates `proxy_advice`: what the operator must set if an untrusted proxy handles
    HTTPS; "" otherwise."""
    return {"proxy_advice": ADVICE if is_misread(request) else ""}
