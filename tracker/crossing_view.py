"""Crossing view: the endpoint by which a visitor keeps the same id on another domain of the site. One domain asks for a
signed token of the id; the other domain sends the token and gets the id. A token works once."""

import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from tracker.admission import RATES, TooFast
from tracker.away import AWAY
from tracker.collection import fields
from tracker.collection.body import read_form
from tracker.collection.collect import MAX_KEY, MAX_UA, SiteEntry
from tracker.collection.crossing import MAX_LETTERS, VALID_MS, sign, verify
from tracker.collection.refusal import Refusal
from tracker.incoming import read_header, read_query_string
from tracker.models import TakenCrossing
from tracker.site_cache import SITES
from tracker.views import HitView, NotDurable

SITE = OpenApiParameter("site", required=True, description="The site's public key.")
VISITOR = OpenApiParameter("visitor", description="A visitor's id. The answer is a token for it.")
TOKEN = OpenApiParameter("token", description="A token from another domain. The answer is its visitor's id.")


class CrossingView(HitView):
    """The endpoint by which a visitor keeps the same id on another domain of the site."""

    http_method_names = ["get", "options"]

    @extend_schema(
        summary="Pass a visitor's id on to another domain",
        parameters=[SITE, VISITOR, TOKEN],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """If the request has a token, answer with the visitor's id that the token contains. Otherwise answer with a new
        token for the visitor's id that the request names. Raises Refusal."""
        given = read_form(read_query_string(request))
        key = fields.read_text(given, "site", MAX_KEY)
        site = find_site(key)
        ua, now = read_header(request, "HTTP_USER_AGENT")[:MAX_UA], time.time_ns() // 1_000_000
        if token := fields.read_text(given, "token", MAX_LETTERS):
            return answer_text("visitor", redeem(token, now, key, ua, site.secret))
        visitor = fields.read_id(given, "visitor")
        if not visitor:
            raise Refusal(400, "missing_visitor", "A visitor or a token is needed.", "visitor")
        return answer_text("token", sign(visitor, now, key, ua, site.secret))


def find_site(key: str) -> SiteEntry:
    """Return the settings of the site with this key, and count the request against the site's rate limit. Raises
    Refusal if no site has the key, if the limit is exceeded, or if the database is away."""
    found = SITES.find(key)
    if found.value is None:
        raise Refusal(404, "unknown_site", "No site has this key.", "site") if found.checked else NotDurable()
    if wait := RATES.take(f"crossing {key}", 1, found.value.hits_per_second):
        raise TooFast(wait)
    return found.value


def redeem(token: str, now: int, site: str, ua: str, secret: str) -> str:
    """Return the visitor's id in a valid token, and store that the token is used. Raises Refusal if the token isn't
    valid or was used before, or if the database is away. `now`: ms."""
    crossing = verify(token, now, site, ua, secret)
    if crossing is None:
        raise Refusal(403, "bad_crossing", "The token is not this site's and this browser's, or too old.", "token")
    try:
        is_first = TakenCrossing.take(crossing.seal, now, now - 2 * VALID_MS)
    except AWAY as error:
        raise NotDurable from error
    if not is_first:
        raise Refusal(403, "bad_crossing", "The token was used before.", "token")
    return crossing.visitor


def answer_text(name: str, text: str) -> HttpResponse:
    """Make a JSON response with one name and its text: {"visitor": "..."}. Caches must not store it."""
    return JsonResponse({name: text}, headers={"Cache-Control": "no-store"})
