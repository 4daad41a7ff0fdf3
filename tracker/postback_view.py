"""Postback view: the endpoint to which affiliate networks report that a sale is approved, pending or rejected. It
answers `OK`."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from tracker.admission import check_rate
from tracker.collection import fields
from tracker.collection.body import read_form
from tracker.collection.collect import MAX_KEY, Collected
from tracker.collection.failure import Transient
from tracker.collection.postback import MAX_SECRET, check_sender, hits_of, read_postback
from tracker.collection.refusal import Refusal
from tracker.commit import send_hits
from tracker.incoming import read_query_string, read_sender
from tracker.site_cache import SITES
from tracker.views import HitView, NotDurable

PARAMETERS = [
    OpenApiParameter("site", required=True, description="The site's public key."),
    OpenApiParameter("click", description="The id of a click by which the person is found."),
    OpenApiParameter("order", description="The order id; `click` or `order` is needed."),
    OpenApiParameter("txid", description="The order id, if there is no `order`."),
    OpenApiParameter("value", description="The amount of the sale."),
    OpenApiParameter("payout", description="The amount, if there is no `value`."),
    OpenApiParameter("currency", description="The currency of the amount; by default the site's currency."),
    OpenApiParameter(
        "status", description="`approved` (default), `pending` or `rejected`, or another word with the same meaning."
    ),
    OpenApiParameter("goal", description="The goal's key; `purchase` if absent."),
    OpenApiParameter("consent", description="The signals of consent, as `/collect` takes them."),
    OpenApiParameter("secret", description="The site's secret; not needed from an allowed network."),
]
OK = {(200, "text/plain"): OpenApiTypes.STR}


class PostbackView(HitView):
    """The endpoint for postbacks, the messages of affiliate networks about sales."""

    http_method_names = ["get", "options"]

    @extend_schema(summary="Report a sale, as affiliate networks do", parameters=PARAMETERS, responses=OK)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Store the hits that the postback stands for. Answer `OK` once they are durable."""
        collected = collect_postback(request)
        try:
            send_hits(list(collected.hits.values()))
        except Transient as error:
            raise NotDurable from error
        return HttpResponse("OK", content_type="text/plain", headers={"Cache-Control": "no-store"})


def collect_postback(request: HttpRequest) -> Collected:
    """Make the hits of a postback. Raises Refusal if the postback isn't valid, or if the sender may not report sales of
    this site."""
    given = read_form(read_query_string(request))
    key = fields.read_text(given, "site", MAX_KEY)
    found = SITES.find(key)
    if found.value is None:
        raise Refusal(404, "unknown_site", "No site has this key.", "site") if found.checked else NotDurable()
    site, sender = found.value, read_sender(request, found.value.account)
    check_sender(site, fields.read_text(given, "secret", MAX_SECRET), sender.ip)
    hits = hits_of(read_postback(given, site.postback_statuses), key, site, sender)
    collected = Collected(dict(enumerate(hits)), {}, {key: found})
    check_rate(collected, None)
    return collected
