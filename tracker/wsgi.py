"""The WSGI application: Django, with chunked bodies made readable for it."""

import os
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

#: A longer body is cut here, one byte above what any view takes, so that the view refuses it.
READ_AT_MOST = (1 << 20) + 1


def may_have_body(environ: dict[str, Any]) -> bool:
    """Whether the method is one of those that send something."""
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS")


class ChunkedBodies:
    """Reads the body of a request without a length, where the server says that it has an end, and gives its length.

    Django reads as much as CONTENT_LENGTH says, so such a hit would be an empty one.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The application's answer."""
        if may_have_body(environ) and environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(READ_AT_MOST)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


application = ChunkedBodies(get_wsgi_application())
