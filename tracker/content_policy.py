"""Content policy: what a browser may load and run for an answer. Ad names and titles on a page come from strangers."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Of answers that are no pages; a page of ours says its own.
NOTHING = "default-src 'none'; frame-ancestors 'none'"
#: Of Django's admin, which loads its own files, and of the browsable API, whose pages have styles in them as well.
ADMIN = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
POLICIES = {"/admin/": ADMIN, "/api/": f"{ADMIN}; style-src 'self' 'unsafe-inline'"}


def content_policy(get_response: GetResponse) -> GetResponse:
    """The middleware."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        folder = f"/{request.path.split('/')[1]}/"
        response.headers.setdefault("Content-Security-Policy", POLICIES.get(folder, NOTHING))
        return response

    return answer
