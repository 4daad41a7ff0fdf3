"""Snippet: /t.js, the script that all sites put into their pages. Browsers cache it for an hour."""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import etag

from tracker.collection.refusal import WrongMethod
from tracker.errors import refusal_response

SOURCE = (Path(__file__).parent / "static" / "tracker" / "t.js").read_bytes()
#: The addresses in the script's source: of the script itself, and of collection.
OWN, COLLECT = b'"/t.js"', b'"/collect"'
TYPE = "text/javascript; charset=utf-8"
HEADERS = {
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


class Copy(msgspec.Struct, frozen=True):
    """The script with the addresses of this tracker: its text, the text compressed with gzip, and the ETag."""

    source: bytes
    packed: bytes
    etag: str


def copy_for(path: str) -> Copy:
    """Return the script for the path at which it was requested. If this is a path of PUBLIC_PATHS, the script also
    sends its hits to paths of PUBLIC_PATHS."""
    return make_copy(renamed=path == settings.PUBLIC_PATHS.get("t.js"))


@cache
def make_copy(renamed: bool) -> Copy:
    """Make the script and compress it. With `renamed`, it has the paths of PUBLIC_PATHS. Each process does this
    once."""
    source = SOURCE
    if renamed:
        collect = settings.PUBLIC_PATHS.get("collect", "/collect")
        source = source.replace(OWN, f'"{settings.PUBLIC_PATHS["t.js"]}"'.encode())
        source = source.replace(COLLECT, f'"{collect}"'.encode())
    return Copy(source, gzip.compress(source, mtime=0), f'W/"{sha256(source).hexdigest()[:16]}"')


@csrf_exempt
def snippet(request: HttpRequest) -> HttpResponse:
    """Answer with the script, compressed if the browser accepts gzip. If the browser has it already, answer 304."""
    if request.method not in ("GET", "HEAD"):
        return refusal_response(WrongMethod("GET", "HEAD"))
    response = send_snippet(request)
    if response.status_code == 304:
        # A cache updates its headers from a 304. RFC 9110 15.4.5 requires the headers of the 200 in it.
        for name, text in HEADERS.items():
            response.headers[name] = text
    return response


@etag(lambda request: copy_for(request.path_info).etag)
def send_snippet(request: HttpRequest) -> HttpResponse:
    """Answer with the script. If the request has the script's ETag, answer 304."""
    copy = copy_for(request.path_info)
    packed = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    response = HttpResponse(copy.packed if packed else copy.source, TYPE, headers=HEADERS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
