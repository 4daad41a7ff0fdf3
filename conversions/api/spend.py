"""Spend: an endpoint by which a program says what was spent on some days."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversions.api.answers import SpendAnswer
from conversions.api.schema import spend_schema
from conversions.configuration.spend_table import Imported, put_spend
from conversions.spend.put import decode_put, put_lines
from conversions.units.micros import six_places
from tracker.access import IngestTokenAuthentication, MayRead, readable_site
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal

#: A body has at most this many bytes.
MAX_BODY = 4 << 20


class SpendView(APIView):
    """What ads cost, as their networks count it. For ingest tokens, and for people of the account who are signed in."""

    authentication_classes = (IngestTokenAuthentication, SessionAuthentication)
    permission_classes = (MayRead,)

    @spend_schema
    def put(self, request: Request) -> Response:
        """Replace what a source said of the days `from` to `to`, whole or not at all."""
        put = decode_put(read_body(request))
        site = readable_site(request, put.site)
        dry_run = request.query_params.get("dry_run", "0") != "0"
        lines = put_lines(put, site.currency, CURRENCIES)
        return Response(to_plain(describe(put_spend(site, put.source, (put.first, put.last), lines, dry_run), dry_run)))


def read_body(request: Request) -> bytes:
    """Read the body; the limit of Django is for forms. Raises Refusal if the body is too large."""
    body: bytes = request._request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise Refusal(413, "too_large", f"The body has more than {MAX_BODY} bytes.")
    return body


def describe(found: Imported, dry_run: bool) -> SpendAnswer:
    """Describe what was replaced."""
    before, after = (
        {currency: six_places(cost) for currency, cost in costs.items()} for costs in (found.before, found.after)
    )
    return SpendAnswer(
        first=found.first, last=found.last, rows=found.lines, before=before, after=after, dry_run=dry_run
    )
