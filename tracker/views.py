"""Views: the endpoints that take hits. They answer once the hits are durable, or refuse them.

They are DRF views, but skip most of what DRF does for each request, because hits don't need it.
"""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from tracker.admission import check_rate, read_token
from tracker.answer import accepted, allow_any_origin, pixel, preflight, refused
from tracker.collection.collect import Collected, collect
from tracker.collection.failure import Transient
from tracker.collection.refusal import Refusal, WrongMethod
from tracker.collection.sample import SEEN
from tracker.commit import send_hits
from tracker.incoming import read_body, read_header, read_query_string, read_sender
from tracker.prometheus import count_refused, count_rejected
from tracker.refusals import note_hits, note_refusal
from tracker.site_cache import SITES
from tracker.visitor_cookie import visitor_cookie

logger = logging.getLogger(__name__)

# The views' descriptions in /api/schema. docs/errors.md and docs/api.md have the details.
PARAMETERS = [OpenApiParameter("site", required=True, description="The site's public key.")]
HITS = {"application/json": OpenApiTypes.OBJECT, "application/x-www-form-urlencoded": OpenApiTypes.OBJECT}
ANSWER = OpenApiTypes.OBJECT
IMAGE = {(200, "image/gif"): OpenApiTypes.BINARY}


class NotDurable(Refusal):
    """The refusal (503) of hits that could not be stored durably. The client should send them again."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "The hits can't be stored now; send them again.")


def take_hits(request: HttpRequest, body: bytes) -> Collected:
    """Read and check the hits of a request, and send them to the queue. Return once they are durable. Raises Refusal if
    no hit was accepted, or if the hits can't be stored now."""
    try:
        collected = collect_hits(request, body)
    except Refusal as refusal:
        refusal.about = refusal.about or body[:SEEN]
        raise
    try:
        send_hits(list(collected.hits.values()))
    except Transient as error:
        raise NotDurable from error
    if collected.rejected:
        count_rejected(collected.rejected.values())
        note_hits(request, collected.rejected.values(), body[:SEEN])
    return collected


def collect_hits(request: HttpRequest, body: bytes) -> Collected:
    """Read the hits of a request, and check them, the ingest token and the rate of hits. In the result at least one hit
    is accepted. Raises Refusal."""
    token = read_token(read_header(request, "HTTP_AUTHORIZATION"))
    collected = collect(
        read_query_string(request),
        body,
        request.META.get("CONTENT_TYPE", ""),
        request.META.get("HTTP_CONTENT_ENCODING", ""),
        read_sender(request, token.account if token else None),
        SITES.find_all,
    )
    check_rate(collected, token)
    collected.check()
    return collected


class HitView(APIView):
    """Base of views that take hits from pages of any origin, without authentication. These views never answer 500."""

    authentication_classes = ()
    permission_classes = ()

    def dispatch(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Answer the request. The response has CORS headers. DRF's own way through parsers and renderers is skipped."""
        if request.method == "OPTIONS":
            return preflight(request, ", ".join(self.methods()))
        if request.method == "HEAD":  # Monitors and link previews send HEAD. It is no hit.
            return allow_any_origin(request, HttpResponse(status=204))
        return allow_any_origin(request, self.respond(request))

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Call the view's method for the request, and turn a Refusal into its response. An unexpected error becomes a
        503, and the client sends the hits again."""
        method = (request.method or "").lower()
        try:
            if method not in self.http_method_names:
                raise WrongMethod(*self.methods())
            response: HttpResponse = getattr(self, method)(request)
            return response
        except Refusal as error:
            refusal = error
        except Exception:
            logger.exception("a request with hits failed and is answered 503")
            refusal = NotDurable()
        count_refused(refusal)
        note_refusal(request, refusal)
        return self.refuse(refusal)

    def methods(self) -> list[str]:
        """Return the HTTP methods that the view allows, in upper case."""
        return [name.upper() for name in self.http_method_names]

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """Make the response to a request that was refused."""
        return refused(refusal)


class CollectView(HitView):
    """`/collect`, the endpoint that takes hits from pages and servers."""

    http_method_names = ["get", "post", "options"]

    @extend_schema(summary="Send one hit as a query", parameters=PARAMETERS, responses=ANSWER)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Take one hit from the query string."""
        return accepted(take_hits(request, b""))

    @extend_schema(summary="Send hits as JSON or as a form", request=HITS, responses=ANSWER)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the hits in the body. If the body is empty, take one hit from the query string."""
        collected = take_hits(request, read_body(request))
        answer = accepted(collected)
        if cookie := visitor_cookie(
            collected.named, request.META.get("HTTP_ORIGIN", ""), request.META.get("HTTP_HOST", "")
        ):
            answer.headers["Set-Cookie"] = cookie
        return answer


class PixelView(HitView):
    """`/pixel.gif`, the endpoint that takes hits from image tags. It answers with an image in any case. If the hit is
    refused, the status and the header X-Hit-Error say so."""

    http_method_names = ["get", "options"]

    @extend_schema(summary="Send one hit as an image's address", parameters=PARAMETERS, responses=IMAGE)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Take one hit from the query string, and answer with the image."""
        take_hits(request, b"")
        return pixel()

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """Answer with the image. The status and the header X-Hit-Error say why the hit was refused."""
        return pixel(refusal)
