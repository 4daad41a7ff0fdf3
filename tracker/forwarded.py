"""Forwarded: what X-Forwarded-Proto says is believed of the proxies that we trust, and of nobody else."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tracker.collection.address import is_trusted

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def only_by_proxies(get_response: GetResponse) -> GetResponse:
    """The middleware: drops the header of everybody else, for Django would believe it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not is_trusted(request.META.get("REMOTE_ADDR") or "", settings.TRUSTED_PROXIES):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return get_response(request)

    return answer
