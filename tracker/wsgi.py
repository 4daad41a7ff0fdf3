"""WSGI: Django's application, with readable chunked bodies and a direct path for hits."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch, resolve

from tracker.slashes import single

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

#: A body is cut at this length: one byte more than any view takes. The view then refuses it.
READ_AT_MOST = (1 << 20) + 1
#: This many more bytes are read and dropped. A client that is cut off while it sends might not see the answer.
DROP_AT_MOST = 16 << 20
#: The paths with most requests. Their views need no middleware and are called without it.
HIT_PATHS = ("/collect", "/pixel.gif")
HIT_NAMES = ("collect", "pixel.gif")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
View = Callable[[HttpRequest], HttpResponseBase]


def may_have_body(environ: dict[str, Any]) -> bool:
    """Whether requests of the method may have a body."""
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS")


def is_too_large(environ: dict[str, Any]) -> bool:
    """Whether the body is too long for any view, and the client sends it without asking first."""
    length: str = environ["CONTENT_LENGTH"]
    return length.isdecimal() and int(length) >= READ_AT_MOST and "HTTP_EXPECT" not in environ


def drop_rest(stream: Any) -> None:
    """Read to the end of the body and drop it, within bounds."""
    left = DROP_AT_MOST
    while left > 0 and (part := stream.read(1 << 16)):
        left -= len(part)


class ChunkedBodies:
    """Reads a body that has no length, if the server says that the body ends, and sets the length.

    Django reads as many bytes as CONTENT_LENGTH says. Without a length, a hit would be empty. If a body is too large,
    the rest is read before the answer is sent.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the application."""
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
    """Calls the views of hits directly. Otherwise half of a small request's time would go to middleware and signals.

    These views must not raise, and must not use the request's database connection. Other requests go to Django.
    """

    def __init__(self, application: Any, paths: Iterable[str]) -> None:
        self.application = application
        self.matches: dict[str, ResolverMatch] = {path: resolve(path) for path in paths}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the view of a hit, or with the application."""
        match = self.matches.get(single(environ["PATH_INFO"]).rstrip("/"))
        if match is None:
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        response = match.func(WSGIRequest(environ), *match.args, **match.kwargs)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def other_hit_paths() -> list[str]:
    """The paths of hits under the operator's own names."""
    return [path for name, path in settings.PUBLIC_PATHS.items() if name in HIT_NAMES]


application = ChunkedBodies(ShortWay(get_wsgi_application(), (*HIT_PATHS, *other_hit_paths())))
