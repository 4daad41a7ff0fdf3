"""Forwarded: what X-Forwarded-Proto says is believed of the proxies that we trust, and of nobody else.

If another proxy says HTTPS, addresses of pages say http:// and forms may fail. Then the pages say what to set.
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
    """The middleware: drops the header of everybody else, because Django would believe it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not is_trusted(request.META.get("REMOTE_ADDR") or "", settings.TRUSTED_PROXIES):
            request.META[DISBELIEVED] = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        return get_response(request)

    return answer


def is_misread(request: HttpRequest) -> bool:
    """Whether a proxy said HTTPS and was not believed."""
    return request.META.get(DISBELIEVED) == "https" and not request.is_secure()


def advise(request: HttpRequest) -> dict[str, Any]:
    """For templates: what to do about it, if anything."""
    return {"proxy_advice": ADVICE if is_misread(request) else ""}
