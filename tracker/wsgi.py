"""The WSGI application: Django, with chunked bodies made readable for it and a short way for hits."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch, resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

#: A longer body is cut here, one byte above what any view takes, so that the view refuses it.
READ_AT_MOST = (1 << 20) + 1
#: So much more of it is read and dropped: a client that is cut off while it sends may never see why.
DROP_AT_MOST = 16 << 20
#: What takes most of the requests. Their views look at nothing that middleware prepares, so they are called without it.
HIT_PATHS = ("/collect", "/pixel.gif")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
View = Callable[[HttpRequest], HttpResponseBase]


def may_have_body(environ: dict[str, Any]) -> bool:
    """Whether the method is one of those that send something."""
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS")


def is_too_large(environ: dict[str, Any]) -> bool:
    """Whether no view takes a body of such a length, and its client sends it without waiting for leave to."""
    length: str = environ["CONTENT_LENGTH"]
    return length.isdecimal() and int(length) >= READ_AT_MOST and "HTTP_EXPECT" not in environ


def drop_rest(stream: Any) -> None:
    """Reads on to the body's end, within bounds."""
    left = DROP_AT_MOST
    while left > 0 and (part := stream.read(1 << 16)):
        left -= len(part)


class ChunkedBodies:
    """Reads the body of a request without a length, where the server says that it has an end, and gives its length.

    Django reads as much as CONTENT_LENGTH says, so such a hit would be an empty one. Of a body that is too large, with
    a length or without, the rest is read before the answer goes out.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The application's answer."""
        stream = environ["wsgi.input"]
        has_end = may_have_body(environ) and environ.get("wsgi.input_terminated")
        if has_end and not environ.get("CONTENT_LENGTH"):
            body = stream.read(READ_AT_MOST)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        answer: Iterable[bytes] = self.application(environ, start_response)
        if has_end and is_too_large(environ):
            drop_rest(stream)
        return answer


class ShortWay:
    """Calls the views of hits at once: half of a small request's time would go to middleware and signals.

    They must neither raise nor use the request's database connection. Everything else is Django's as ever.
    """

    def __init__(self, application: Any, paths: Iterable[str]) -> None:
        self.application = application
        self.matches: dict[str, ResolverMatch] = {path: resolve(path) for path in paths}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The view's answer, or the application's."""
        match = self.matches.get(environ["PATH_INFO"])
        if match is None:
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        response = match.func(WSGIRequest(environ), *match.args, **match.kwargs)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


application = ChunkedBodies(ShortWay(get_wsgi_application(), HIT_PATHS))
