"""Cache-Control: middleware that adds the header `Cache-Control: no-store` to a response, unless the view set this
header.

Most answers change often, or are meant for one person.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def no_store(get_response: GetResponse) -> GetResponse:
    """Middleware that adds `Cache-Control: no-store` to a response without the header Cache-Control. Errors get it as
    well."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer
