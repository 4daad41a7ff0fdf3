"""Content policy: an answer -> the answer with the header that says what a browser may load and run. It protects people
from code in the names of ads, which strangers choose."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: The policy of answers that are no pages. Our pages set their own.
NOTHING = "default-src 'none'; frame-ancestors 'none'"
#: The policy of Django's admin, which loads its own files. The browsable API has inline styles as well.
ADMIN = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
POLICIES = {"/admin/": ADMIN, "/api/": f"{ADMIN}; style-src 'self' 'unsafe-inline'"}


def content_policy(get_response: GetResponse) -> GetResponse:
    """The middleware. A view may set its own policy."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        folder = f"/{request.path.split('/')[1]}/"
        response.headers.setdefault("Content-Security-Policy", POLICIES.get(folder, NOTHING))
        return response

    return answer
