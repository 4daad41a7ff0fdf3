"""The snippet: `GET /t.js`, packed once a process, for every page on any site to keep for an hour."""

import gzip
from hashlib import sha256
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import etag

from tracker.collection.refusal import WrongMethod
from tracker.errors import refusal_response

SOURCE = (Path(__file__).parent / "static" / "tracker" / "t.js").read_bytes()
PACKED = gzip.compress(SOURCE, mtime=0)
ETAG = f'W/"{sha256(SOURCE).hexdigest()[:16]}"'
TYPE = "text/javascript; charset=utf-8"
HEADERS = {
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@csrf_exempt
def snippet(request: HttpRequest) -> HttpResponse:
    """The snippet, packed where the browser can unpack it; 304 where it has it already."""
    if request.method not in ("GET", "HEAD"):
        return refusal_response(WrongMethod("GET", "HEAD"))
    response = send_snippet(request)
    if response.status_code == 304:
        # A cache takes them over from here; RFC 9110 15.4.5 asks for those of the 200.
        for name, text in HEADERS.items():
            response.headers[name] = text
    return response


@etag(lambda _request: ETAG)
def send_snippet(request: HttpRequest) -> HttpResponse:
    """The answer to a page that may have it."""
    packed = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    response = HttpResponse(PACKED if packed else SOURCE, TYPE, headers=HEADERS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
