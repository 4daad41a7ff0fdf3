"""The snippet: `GET /t.js`, packed once a process, for every page on any site to keep for an hour."""

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
#: How the source spells its own name, and that of the collection.
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
    """The snippet as it is served under one name, plain and packed."""

    source: bytes
    packed: bytes
    etag: str


def copy_for(path: str) -> Copy:
    """The copy that a page gets at this path: under the operator's own name it sends to the operator's own name."""
    return make_copy(renamed=path == settings.PUBLIC_PATHS.get("t.js"))


@cache
def make_copy(renamed: bool) -> Copy:
    """The snippet, with the names of PUBLIC_PATHS in it or the usual ones."""
    source = SOURCE
    if renamed:
        collect = settings.PUBLIC_PATHS.get("collect", "/collect")
        source = source.replace(OWN, f'"{settings.PUBLIC_PATHS["t.js"]}"'.encode())
        source = source.replace(COLLECT, f'"{collect}"'.encode())
    return Copy(source, gzip.compress(source, mtime=0), f'W/"{sha256(source).hexdigest()[:16]}"')


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


@etag(lambda request: copy_for(request.path_info).etag)
def send_snippet(request: HttpRequest) -> HttpResponse:
    """The answer to a page that may have it."""
    copy = copy_for(request.path_info)
    packed = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    response = HttpResponse(copy.packed if packed else copy.source, TYPE, headers=HEADERS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
