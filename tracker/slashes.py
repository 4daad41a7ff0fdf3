"""Slashes: middleware that treats an address with too many slashes like the address without them."""

import re
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import is_valid_path

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_MANY = re.compile("/{2,}")


def single(path: str) -> str:
    """Replace each run of slashes in a path by one slash: //collect/ becomes /collect/."""
    return _MANY.sub("/", path) if "//" in path else path


def without_extra_slashes(get_response: GetResponse) -> GetResponse:
    """Middleware that removes superfluous slashes from a request's path: `//collect/` becomes `/collect`."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        path = single(request.path_info)
        if path.endswith("/") and not is_valid_path(path) and is_valid_path(shorter := path.rstrip("/")):
            path = shorter
        request.path_info = path
        return get_response(request)

    return answer
