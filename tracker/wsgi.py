"""WSGI: Django's application for the web server, in two wrappers. One reads chunked bodies. The other calls the
endpoints for hits without Django's middleware."""

import gc
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

# Each collection of garbage would look through all modules that are imported so far, and find no garbage. TrackerConfig
# turns the collector on again.
gc.disable()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

#: The most bytes that are read of a chunked body: one more than any view accepts. The view then refuses the body.
READ_AT_MOST = (1 << 20) + 1
#: The most bytes that are read after READ_AT_MOST and dropped. If the connection were closed while the client still
#: sends, the client might not see the answer.
DROP_AT_MOST = 16 << 20
#: The paths with most requests. Their views need no middleware and are called without it.
HIT_PATHS = ("/collect", "/pixel.gif")
HIT_NAMES = ("collect", "pixel.gif")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
View = Callable[[HttpRequest], HttpResponseBase]


def may_have_body(environ: dict[str, Any]) -> bool:
    """Whether a request with this HTTP method may have a body."""
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS")


def is_too_large(environ: dict[str, Any]) -> bool:
    """Whether the request has a body that is too large for every view, and that the client sends without waiting for
    permission (the header Expect)."""
    length: str = environ["CONTENT_LENGTH"]
    return length.isdecimal() and int(length) >= READ_AT_MOST and "HTTP_EXPECT" not in environ


def drop_rest(stream: Any) -> None:
    """Read and drop the rest of a request's body, at most DROP_AT_MOST bytes."""
    left = DROP_AT_MOST
    while left > 0 and (part := stream.read(1 << 16)):
        left -= len(part)


class ChunkedBodies:
    """WSGI middleware that reads a chunked body and sets CONTENT_LENGTH.

    Django reads as many bytes as CONTENT_LENGTH says; without it, Django would find an empty body. If a body is too
    large, its rest is read before the answer is sent.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """If the request's body is chunked, read it. Then call the application that this one wraps."""
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
    """WSGI middleware that calls the views of hits directly. Django's middleware and signals would take half of the
    time of a small request.

    These views must not raise errors, and must not use the request's database connection. Requests to all other paths
    go to Django.
    """

    def __init__(self, application: Any, paths: Iterable[str]) -> None:
        self.application = application
        self.matches: dict[str, ResolverMatch] = {path: resolve(path) for path in paths}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """If the request's path is one for hits, call its view. Otherwise call the application that this one wraps."""
        match = self.matches.get(single(environ["PATH_INFO"]).rstrip("/"))
        if match is None:
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        response = match.func(WSGIRequest(environ), *match.args, **match.kwargs)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def other_hit_paths() -> list[str]:
    """Return the further paths for hits that the variable PUBLIC_PATHS sets."""
    return [path for name, path in settings.PUBLIC_PATHS.items() if name in HIT_NAMES]


application = ChunkedBodies(DirectHits(get_wsgi_application(), (*HIT_PATHS, *other_hit_paths())))
