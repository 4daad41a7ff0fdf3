"""Page: the base of every page, with its policy and its answer while a service is away."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views import View

from tracker.away import AWAY
from tracker.errors import RETRY_SECONDS, error_response

#: A page loads only its own style and script. Strangers choose the names of ads, which could contain code.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


class Page(View):
    """A page with our content policy. If a service is away, the page says so."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Render the page. If a service is away, render a page that asks to come again."""
        try:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except AWAY:
            # The request isn't passed, because the signed-in user can't be looked up either.
            response = HttpResponse(render_to_string("reporting/away.html"), status=503)
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse in the form of every error. No form sends such a method; only a program does."""
        allowed = super().http_method_not_allowed(request, *args, **kwargs).headers["Allow"]
        response = error_response(405, "method_not_allowed", f"This page answers to {allowed}.")
        response.headers["Allow"] = allowed
        return response
