"""Content policy: middleware that sets the header Content-Security-Policy, which says what a page may load and run.

Pages show the names of ads, which strangers can choose. The header keeps code in a name from running.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: The policy of answers that aren't pages. Our pages set their own policy.
NOTHING = "default-src 'none'; frame-ancestors 'none'"
#: The policy of Django's admin, which loads its own files. The browsable API has inline styles as well.
ADMIN = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
POLICIES = {"/admin/": ADMIN, "/api/": f"{ADMIN}; style-src 'self' 'unsafe-inline'"}


def content_policy(get_response: GetResponse) -> GetResponse:
    """Middleware that sets the header Content-Security-Policy of a response, unless the view set it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        folder = f"/{request.path.split('/')[1]}/"
        response.headers.setdefault("Content-Security-Policy", POLICIES.get(folder, NOTHING))
        return response

    return answer
