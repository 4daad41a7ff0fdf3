"""Schema: the descriptions of the report API for `/api/schema`: summaries, parameters and answers."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from conversions.attribution.credit import MODELS
from conversions.filters.filters import FILTERS
from reporting.fits.fit_answer import FitAnswer
from reporting.report.export import EXPORT_FORMS
from reporting.report.paging import MAX_LIMIT
from reporting.report.query import BASES, FORMS, KEYS, SPEND
from reporting.report.report_answer import ReportAnswer
from tracker.openapi import filters, parameter, refusals

SITE = parameter("site", "The site's public key.", required=True)
UNCHANGED = {304: OpenApiResponse(description="The answer still has the ETag in `If-None-Match`.")}
REFUSED = refusals(400, 401, 404, 503)


def day(name: str, description: str) -> OpenApiParameter:
    """Describe a query parameter whose value is a day, such as 2026-11-28."""
    return OpenApiParameter(name, OpenApiTypes.DATE, OpenApiParameter.QUERY, description=description, required=True)


report_schema = extend_schema(
    summary="Conversions and their value by ad, campaign, source, goal, day, week and other keys",
    parameters=[
        SITE,
        day("from", "The first day, by the site's own calendar."),
        day("to", "The last day, inclusive."),
        parameter("compare", "`previous`, `year` or `FROM..TO`: the days with which these are compared."),
        parameter("model", "The attribution model.", enum=list(MODELS), default="last"),
        parameter("by", f"Comma list of {', '.join(KEYS)}: the keys of the rows, in that order.", default="ad"),
        parameter(
            "models",
            "Comma list of models that are shown side by side; the first is the report's own. Instead of `model`.",
        ),
        *filters(FILTERS),
        parameter("basis", "`click`: credit counts on the touch's day.", enum=list(BASES), default="conversion"),
        parameter("order", "A column by which rows are ordered, as in `value`; `-value`: the largest first."),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
            OpenApiParameter.QUERY,
            description="At most this many rows.",
        ),
        parameter("after", "The `next` of the page before."),
        OpenApiParameter("If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="A known `ETag`."),
        parameter(
            "spend",
            "Whether rows and totals have costs, by day and ad: `auto`, if something was spent in the range.",
            enum=list(SPEND),
            default="auto",
        ),
        parameter(
            "format",
            "`csv`: the rows alone, as a file. `spreadsheet`: the same file, marked as UTF-8.",
            enum=list(FORMS),
            default="json",
        ),
    ],
    responses={(200, "application/json"): ReportAnswer, (200, "text/csv"): OpenApiTypes.STR, **UNCHANGED, **REFUSED},
)
fit_schema = extend_schema(
    summary="What a month taught the data-driven models of a goal",
    parameters=[
        SITE,
        parameter("goal", "The goal's key.", required=True),
        parameter("month", "The month that was learnt from, such as 2026-10.", required=True),
    ],
    responses={200: FitAnswer, **REFUSED},
)
export_schema = extend_schema(
    summary="Export the conversions of a range as a file, newest first",
    parameters=[
        SITE,
        day("from", "The first day, by the site's own calendar."),
        day("to", "The last day, inclusive."),
        *filters(FILTERS),
        parameter("model", "The model of the credit.", enum=list(MODELS), default="last"),
        parameter("counted", "Only conversions that count, or that don't.", enum=["true", "false"]),
        parameter("attributed", "Only conversions that give an ad credit, or don't.", enum=["true", "false"]),
        parameter("min_value", "Only conversions with at least this value, in the site's currency."),
        parameter("max_value", "Only conversions with at most this value, in the site's currency."),
        parameter("after", "The position in the last line of an incomplete export: the export goes on there."),
        parameter("format", "`jsonl`: one JSON object a line.", enum=list(EXPORT_FORMS), default="csv"),
    ],
    responses={
        (200, "text/csv"): OpenApiTypes.STR,
        (200, "application/x-ndjson"): OpenApiTypes.STR,
        **REFUSED,
    },
)
