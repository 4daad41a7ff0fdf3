"""Spend: endpoints by which a program says what was spent on some days, and lists what was said."""

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversions.api.answers import SpendAnswer, SpendPage
from conversions.api.parameters import next_url
from conversions.api.schema import spend_list_schema, spend_schema
from conversions.configuration.readable import load_readable
from conversions.configuration.spend_list import read_page
from conversions.configuration.spend_table import Imported, put_spend
from conversions.facts.ad_names import AdNames
from conversions.spend.listed import list_row, read_wanted, write_place
from conversions.spend.put import decode_put, put_lines
from conversions.units.micros import six_places
from tracker.access import IngestTokenAuthentication, MayRead, ReportTokenAuthentication, readable_site
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal

#: A body has at most this many bytes.
MAX_BODY = 4 << 20


class SpendView(APIView):
    """What ads cost, as their networks count it. Programs say it with an ingest token and list it with a report token.
    People of the account who are signed in may do both."""

    permission_classes = (MayRead,)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Which token is asked for: one that says something is of another kind than one that reads. While the API is
        described, a view may have no request."""
        reads = getattr(self.request, "method", "GET") in ("GET", "HEAD", "OPTIONS")
        return [ReportTokenAuthentication() if reads else IngestTokenAuthentication(), SessionAuthentication()]

    @spend_list_schema
    def get(self, request: Request) -> Response:
        """List what sources said of the days `from` to `to`, the latest day first."""
        query = request.query_params
        site, wanted = load_readable(request, query.get("site", "")), read_wanted(query)
        rows, after = read_page(site.key, wanted)
        names = AdNames(site.ads)
        results = [list_row(row, names) for row in rows]
        return Response(to_plain(SpendPage(results, next_url(request, after and write_place(after)))))

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
