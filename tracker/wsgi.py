"""WSGI: Django's application, which can read chunked bodies and calls the views of hits without middleware."""

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

#: The most bytes that are read of a chunked body: one more than any view accepts. The view then refuses the body.
READ_AT_MOST = (1 << 20) + 1
#: The most bytes that are read beyond that and dropped. A client whose connection is closed while it sends might not
#: see the answer.
DROP_AT_MOST = 16 << 20
#: The paths with most requests. Their views need no middleware and are called without it.
HIT_PATHS = ("/collect", "/pixel.gif")
HIT_NAMES = ("collect", "pixel.gif")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
View = Callable[[HttpRequest], HttpResponseBase]


def may_have_body(environ: dict[str, Any]) -> bool:
    """Whether a request with this method may have a body."""
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS")


def is_too_large(environ: dict[str, Any]) -> bool:
    """Whether the body is too large for every view, and the client sends it without asking first (Expect)."""
    length: str = environ["CONTENT_LENGTH"]
    return length.isdecimal() and int(length) >= READ_AT_MOST and "HTTP_EXPECT" not in environ


def drop_rest(stream: Any) -> None:
    """Read the rest of a request's body and drop it, up to DROP_AT_MOST bytes."""
    left = DROP_AT_MOST
    while left > 0 and (part := stream.read(1 << 16)):
        left -= len(part)


class ChunkedBodies:
    """WSGI middleware that reads chunked bodies and sets their CONTENT_LENGTH.

    Django reads as many bytes as CONTENT_LENGTH says. Without it, a hit would be empty. If a body is too large, its
    rest is read before the answer is sent.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Read a chunked body, and call the wrapped application."""
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


class DirectHits:
    """WSGI middleware that calls the views of hits directly. Django's middleware and signals would take half of a small
    request's time.

    These views must not raise, and must not use the request's database connection. All other requests go to Django.
    """

    def __init__(self, application: Any, paths: Iterable[str]) -> None:
        self.application = application
        self.matches: dict[str, ResolverMatch] = {path: resolve(path) for path in paths}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Call the view of a hit path, or the wrapped application for any other path."""
        match = self.matches.get(single(environ["PATH_INFO"]).rstrip("/"))
        if match is None:
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        response = match.func(WSGIRequest(environ), *match.args, **match.kwargs)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def other_hit_paths() -> list[str]:
    """Return the paths of hits that PUBLIC_PATHS adds."""
    return [path for name, path in settings.PUBLIC_PATHS.items() if name in HIT_NAMES]


application = ChunkedBodies(DirectHits(get_wsgi_application(), (*HIT_PATHS, *other_hit_paths())))
