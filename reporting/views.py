"""Views: the endpoints of the report API. Each reads the request's parameters, calls one function, and makes the
response."""

from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversions.configuration.readable import load_readable
from conversions.explain.newest import newest_first
from conversions.explain.wanted import read_wanted
from conversions.marks.marks import known_parts
from conversions.store.reading import open_to_read
from conversions.units.now import now_ms
from conversions.verdicts.fits import read_fits
from reporting.fits.shown import describe_fit
from reporting.report.answer import answer, etag_of, plain_answer
from reporting.report.export import EXPORT_FORMS, ExportForm, export_lines
from reporting.report.query import Query, read_fit_query, read_query
from reporting.report.report_answer import ReportAnswer
from reporting.report.rows import flat_names, plain_rows
from reporting.report.spending import settle_spend
from reporting.report.table import UTF8_MARK, csv_of, flat
from reporting.schema import export_schema, fit_schema, report_schema
from tracker.access import READER_AUTHENTICATION, MayRead
from tracker.away import AWAY
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal


class ByParameter(BaseContentNegotiation):
    """Chooses the format of a response by the parameter `format`, and not by the header Accept. Errors are always
    JSON."""

    def select_parser(self, _request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Return the first parser: these views read no body."""
        return next(iter(parsers))

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer, which writes JSON. The views write CSV themselves."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ConversionReport(APIView):
    """The report of conversions, clicks and views by ad, day and other keys."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = ByParameter

    @report_schema
    def get(self, request: Request) -> Response | HttpResponse:
        """Return the report of a site for a range of days, as JSON or CSV. If the client has this answer already
        (ETag), return 304."""
        site = load_readable(request, request.query_params.get("site", ""))
        query = settle_spend(read_query(request.query_params, site), site)
        report = answer(open_to_read(), query, site, now_ms())
        etag = etag_of(report, query)
        if is_known(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        found = Response(plain_answer(report, query)) if query.form == "json" else csv_file(query, report)
        found["ETag"] = etag
        return found


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has this answer already: the header If-None-Match names its ETag."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in given or etag in given or etag.removeprefix("W/") in given


class FitReport(APIView):
    """What the data-driven models learnt about a goal from a month. This fit decides how conversions of the next month
    are divided."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = ByParameter

    @fit_schema
    def get(self, request: Request) -> Response:
        """Return the fit of a goal of a site for a month."""
        site = load_readable(request, request.query_params.get("site", ""))
        goal, month = read_fit_query(request.query_params, site)
        fitted = read_fits(open_to_read(), site, month).get(goal)
        if fitted is None:
            raise Refusal(404, "no_fit", "Nothing was learnt from that month: it has no hits, or is not over.", "month")
        return Response(to_plain(describe_fit(fitted, site, request.query_params["goal"], month)))


class ConversionExport(APIView):
    """Exports all conversions of a range of days as a file, CSV or JSON lines."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = ByParameter

    @export_schema
    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream the file, newest conversion first. Its last line says whether the file is complete."""
        site = load_readable(request, request.query_params.get("site", ""))
        parameters = request.query_params.copy()
        form = read_export_form(parameters.pop("format", ["csv"])[-1])
        wanted = read_wanted(parameters, site)
        steps = newest_first(open_to_read(), site, wanted, known_parts)
        name = f"conversions-{site.key}-{wanted.first}-{wanted.last}.{form}"
        headers = {"Content-Disposition": content_disposition_header(True, name) or ""}
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
        return StreamingHttpResponse(export_lines(steps, form, AWAY), content_type=kind, headers=headers)


def read_export_form(text: str) -> ExportForm:
    """Read the parameter `format` of an export: csv or jsonl. Raises Refusal."""
    for form in EXPORT_FORMS:
        if text == form:
            return form
    raise Refusal(400, "bad_format", f"format must be one of {', '.join(EXPORT_FORMS)}.", "format")


def csv_file(query: Query, report: ReportAnswer) -> HttpResponse:
    """Make the response with the report's rows as a CSV file."""
    name = f"conversions-{report.site}-{query.first}-{query.last}.csv"
    headers = {"Content-Disposition": content_disposition_header(True, name) or ""}
    mark = UTF8_MARK if query.form == "spreadsheet" else ""
    text = mark + csv_of(flat_names(query), map(flat, plain_rows(report.rows, query)))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
