"""Spend: the endpoints with which programs store, import and list what ads cost."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversions.api.answers import ImportAnswer, SpendAnswer, SpendPage
from conversions.api.parameters import next_url, own_parameters
from conversions.api.schema import spend_import_schema, spend_list_schema, spend_schema
from conversions.configuration.readable import load_readable
from conversions.configuration.spend_list import read_page
from conversions.configuration.spend_table import Imported, check_spend, import_spend, put_spend
from conversions.facts.ad_names import AdNames
from conversions.spend.change import by_currency, changed_days, count_unchanged
from conversions.spend.listed import list_row, read_wanted, write_place
from conversions.spend.options import read_options
from conversions.spend.put import decode_put, put_lines
from conversions.spend.upload import MAX_BODY, read_upload, too_large
from tracker.access import IngestTokenAuthentication, MayRead, ReportTokenAuthentication, readable_site
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal

#: An answer lists at most this many days that changed.
MAX_CHANGED = 400
#: The answer to a client that sends a form.
WHAT_TO_SEND = (
    "Send the file itself as the body, and no form: curl --data-binary @export.csv -H 'Content-Type: text/csv' ..."
)


class SpendView(APIView):
    """What ads cost, as their networks count it. A client stores spend with an ingest token, and lists spend with a
    report token. People of the account who are signed in may do both."""

    permission_classes = (MayRead,)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return how clients authenticate: with a report token to read, with an ingest token to write, or by a session.

        When the OpenAPI description is made, there is no request, and a report token is assumed.
        """
        reads = getattr(self.request, "method", "GET") in ("GET", "HEAD", "OPTIONS")
        return [ReportTokenAuthentication() if reads else IngestTokenAuthentication(), SessionAuthentication()]

    @spend_list_schema
    def get(self, request: Request) -> Response:
        """List the spend of the days from `from` to `to`, the latest day first."""
        query = own_parameters(request)
        site, wanted = load_readable(request, query.get("site", "")), read_wanted(query)
        rows, after = read_page(site.key, wanted)
        names = AdNames(site.ads)
        results = [list_row(row, names) for row in rows]
        return Response(to_plain(SpendPage(results, next_url(request, after and write_place(after)))))

    @spend_schema
    def put(self, request: Request) -> Response:
        """Replace what a source reported for the days from `from` to `to`. If a row is bad, nothing is changed."""
        put = decode_put(read_body(request))
        site = readable_site(request, put.site)
        dry_run = request.query_params.get("dry_run", "0") != "0"
        lines = put_lines(put, site.currency, CURRENCIES)
        return Response(to_plain(describe(put_spend(site, put.source, (put.first, put.last), lines, dry_run), dry_run)))


class SpendImportView(APIView):
    """Imports the export of an ad network. The client needs an ingest token, or is a signed-in person of the
    account."""

    authentication_classes = (IngestTokenAuthentication, SessionAuthentication)
    permission_classes = (MayRead,)
    parser_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a request that sends a form, before its body is read."""
        if (request.content_type or "").startswith("multipart/"):
            raise Refusal(415, "unsupported_media_type", WHAT_TO_SEND)
        super().initial(request, *args, **kwargs)

    @spend_import_schema
    def post(self, request: Request) -> Response:
        """Replace what a source reported for the days of the file. If a line is bad, nothing is changed."""
        query = request.query_params
        site, preview = readable_site(request, query.get("site", "")), query.get("preview", "0") != "0"
        source, reading = read_options(query, site.currency, CURRENCIES, others=("site", "preview"))
        run = check_spend if preview else import_spend
        return Response(to_plain(describe_import(run(site, source, read_upload(read_body(request), reading)), preview)))


def read_body(request: Request) -> bytes:
    """Read the body of a request, at most MAX_BODY bytes. Raises Refusal if the body is larger."""
    body: bytes = request._request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise too_large(f"{MAX_BODY >> 20} MiB")
    return body


def describe(found: Imported, dry_run: bool) -> SpendAnswer:
    """Return the API's answer to a PUT of spend: the costs before and after."""
    return SpendAnswer(
        first=found.first,
        last=found.last,
        rows=found.lines,
        before=by_currency(found.before),
        after=by_currency(found.after),
        dry_run=dry_run,
    )


def describe_import(found: Imported, preview: bool) -> ImportAnswer:
    """Return the API's answer to an import of a file: the costs before and after, and the days on which the cost
    changes."""
    days = changed_days(found.before, found.after)
    return ImportAnswer(
        first=found.first,
        last=found.last,
        rows=found.lines,
        totals=found.totals,
        form=found.form,
        before=by_currency(found.before),
        after=by_currency(found.after),
        changed=len(days),
        unchanged=count_unchanged(found.before, found.after),
        days=days[:MAX_CHANGED],
        preview=preview,
    )
