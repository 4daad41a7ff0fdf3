"""Page: the base of every page, with its policy and its answer while a service is away."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views import View

from tracker.away import AWAY
from tracker.errors import RETRY_SECONDS, error_response

#: A page loads only its own style and script, because ad names come from strangers' links.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


class Page(View):
    """A page under the policy. While a service is away, it says so."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The rendered page, or the page that says to come again."""
        try:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except AWAY:
            # Without the request, because the signed-in user can't be looked up either.
            response = HttpResponse(render_to_string("reporting/away.html"), status=503)
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The refusal in the shape of every error. No form sends such a method, so a program did."""
        allowed = super().http_method_not_allowed(request, *args, **kwargs).headers["Allow"]
        response = error_response(405, "method_not_allowed", f"This page answers to {allowed}.")
        response.headers["Allow"] = allowed
        return response
