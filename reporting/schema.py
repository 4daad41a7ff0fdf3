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
UNCHANGED = {
    304: OpenApiResponse(description="Nothing has changed since the answer whose `ETag` is in `If-None-Match`.")
}
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
        parameter(
            "compare",
            "The days to compare with: `previous` (as many days just before), `year` (the same days"
            " of the year before), or two days `FROM..TO`.",
        ),
        parameter("model", "The attribution model.", enum=list(MODELS), default="last"),
        parameter("by", f"The keys of the rows: a comma-separated list of {', '.join(KEYS)}.", default="ad"),
        parameter(
            "models",
            "Instead of `model`: a comma-separated list of models, which are shown side by side. The"
            " first is the report's own model.",
        ),
        *filters(FILTERS),
        parameter(
            "basis",
            "`conversion` (default): credit counts on the day of the conversion. `click`: credit"
            " counts on the day of the click or view.",
            enum=list(BASES),
            default="conversion",
        ),
        parameter(
            "order",
            "The column by which rows are ordered, such as `value`. With `-value`, the largest values come first.",
        ),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
            OpenApiParameter.QUERY,
            description="The largest number of rows on a page.",
        ),
        parameter("after", "The `next` of the page before."),
        OpenApiParameter(
            "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The `ETag` of an earlier answer."
        ),
        parameter(
            "spend",
            "Whether rows and totals have the columns of spend. `auto`: if something was spent in"
            " the range. `1`: always. `0`: never.",
            enum=list(SPEND),
            default="auto",
        ),
        parameter(
            "format",
            "`csv`: only the rows, as a file. `spreadsheet`: the same with a byte order mark, which"
            " tells Excel that the file is in UTF-8.",
            enum=list(FORMS),
            default="json",
        ),
    ],
    responses={(200, "application/json"): ReportAnswer, (200, "text/csv"): OpenApiTypes.STR, **UNCHANGED, **REFUSED},
)
fit_schema = extend_schema(
    summary="What the data-driven models learnt about a goal from a month",
    parameters=[
        SITE,
        parameter("goal", "The goal's key.", required=True),
        parameter("month", "The month from which the models learnt, such as 2026-10.", required=True),
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
        parameter(
            "counted",
            "`true`: only conversions that count. `false`: only conversions that don't count.",
            enum=["true", "false"],
        ),
        parameter(
            "attributed",
            "`true`: only conversions for which an ad gets credit. `false`: only conversions for which no ad does.",
            enum=["true", "false"],
        ),
        parameter("min_value", "Only conversions with at least this value, in the site's currency."),
        parameter("max_value", "Only conversions with at most this value, in the site's currency."),
        parameter("after", "The position where the export begins. The last line of an incomplete export has it."),
        parameter("format", "`jsonl`: one JSON object a line.", enum=list(EXPORT_FORMS), default="csv"),
    ],
    responses={
        (200, "text/csv"): OpenApiTypes.STR,
        (200, "application/x-ndjson"): OpenApiTypes.STR,
        **REFUSED,
    },
)
