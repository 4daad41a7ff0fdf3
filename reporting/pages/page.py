"""What every page shares: its policy, and what it says while a service is away."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views import View

from tracker.away import AWAY
from tracker.errors import RETRY_SECONDS, error_response

#: A page loads its own style and script and nothing else; ad names come from strangers' links.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


class Page(View):
    """A page under the policy; while a service is away it says so."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page, rendered, or the one that says to come again."""
        try:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except AWAY:
            # Without the request: who is signed in can't be looked up either.
            response = HttpResponse(render_to_string("reporting/away.html"), status=503)
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """In the shape of every error: it is a program that sends a page what no form of ours does."""
        allowed = super().http_method_not_allowed(request, *args, **kwargs).headers["Allow"]
        response = error_response(405, "method_not_allowed", f"This page answers to {allowed}.")
        response.headers["Allow"] = allowed
        return response
