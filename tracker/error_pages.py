"""Error pages: answers failed requests. A browser gets Django's error page. A program gets the JSON error of
docs/errors.md."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from tracker.errors import error_response
from tracker.forwarded import ADVICE, is_misread


def wants_html(request: HttpRequest) -> bool:
    """Whether a browser asks for a page: the client accepts HTML, and the path isn't under /api/."""
    return not request.path.startswith("/api/") and "text/html" in request.META.get("HTTP_ACCEPT", "")


def handler_of(status: int, code: str, detail: str, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make the function that Django calls for errors of a status. The function answers browsers with `page`, and
    programs with a JSON error of this code and detail."""

    def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return page(request, *args, **kwargs) if wants_html(request) else error_response(status, code, detail)

    return handler


handler400 = handler_of(400, "bad_request", "The request can't be read.", defaults.bad_request)
handler403 = handler_of(403, "permission_denied", "You may not do this.", defaults.permission_denied)
handler404 = handler_of(404, "not_found", "There is nothing at this address.", defaults.page_not_found)
handler500 = handler_of(
    500, "internal_error", "This is an unexpected error of the tracker; the log says what it is.", defaults.server_error
)


def csrf_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show Django's page for a failed CSRF check. If an untrusted proxy caused the failure, show another page, which
    tells the operator what to set."""
    if is_misread(request):
        return HttpResponse(ADVICE, content_type="text/plain; charset=utf-8", status=403)
    return csrf.csrf_failure(request, reason)


csrf_failure = handler_of(
    403, "permission_denied", "This came from another site, or without the token of one of our pages.", csrf_page
)
