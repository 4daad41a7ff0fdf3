"""Page: the base of all pages. It sets the header Content-Security-Policy, and answers with a page of its own while a
service is away."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views import View

from tracker.away import AWAY
from tracker.errors import RETRY_SECONDS, error_response

#: The Content-Security-Policy of pages: they load only our own styles and scripts. Strangers choose the names of ads,
#: which could contain code.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


class Page(View):
    """Base of all pages. While a service is away, it answers with a page that says this."""

    #: The header Content-Security-Policy.
    policy = POLICY

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request with the page. If a service is away, answer 503 with a page that asks the person to come
        again."""
        try:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        except AWAY:
            # The template doesn't get the request, because the signed-in user can't be looked up either.
            response = HttpResponse(render_to_string("reporting/away.html"), status=503)
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        response.headers["Content-Security-Policy"] = self.policy
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer 405 with a JSON error, and not with a page: browsers send only methods that the page allows."""
        allowed = super().http_method_not_allowed(request, *args, **kwargs).headers["Allow"]
        response = error_response(405, "method_not_allowed", f"This page answers to {allowed}.")
        response.headers["Allow"] = allowed
        return response
