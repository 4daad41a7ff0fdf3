"""Cache-Control: middleware that adds `Cache-Control: no-store` to responses whose view set no such header.

Most answers change often, or are meant for one person.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def no_store(get_response: GetResponse) -> GetResponse:
    """Middleware that adds `Cache-Control: no-store`, to error answers as well."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer
