"""What /api/schema says of the report API: its parameters and the shape of its answer."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from conversions.attribution.credit import MODELS
from reporting.report.query import BASES, FORMS, KEYS
from tracker.openapi import amount, parameter


def day(name: str, description: str) -> OpenApiParameter:
    """A day of the site's calendar."""
    return OpenApiParameter(name, OpenApiTypes.DATE, OpenApiParameter.QUERY, description=description, required=True)


PARAMETERS = [
    parameter("site", "The site's public key.", required=True),
    day("from", "The first day, by the site's own calendar."),
    day("to", "The last day, inclusive."),
    parameter("model", "The attribution model.", enum=list(MODELS), default="last"),
    parameter("by", f"Comma list of {', '.join(KEYS)}: the keys of the rows, in that order.", default="ad"),
    parameter("goal", "The key of the only goal to report."),
    parameter("basis", "`click`: credit on the touch's day.", enum=list(BASES), default="conversion"),
    parameter("format", "`csv`: the rows alone, as a file.", enum=list(FORMS), default="json"),
]


def optional(name: str) -> serializers.CharField:
    """A key of rows, where they are grouped by it."""
    return serializers.CharField(required=False, help_text=f"Where grouped by {name}.")


ROW = inline_serializer(
    "ReportRow",
    {
        **{key: optional(key) for key in KEYS},
        "configured": serializers.BooleanField(required=False, help_text="By ad: whether it is a configured ad's key."),
        "clicks": serializers.IntegerField(allow_null=True, help_text="Null where grouped by goal."),
        "views": serializers.IntegerField(allow_null=True, help_text="Null where grouped by goal."),
        "conversions": amount(),
        "value": amount(),
    },
    many=True,
)
TOTALS = inline_serializer(
    "ReportTotals",
    {
        "clicks": serializers.IntegerField(),
        "views": serializers.IntegerField(),
        "conversions": amount(),
        "value": amount(),
    },
)
LIVE = inline_serializer(
    "ReportLive",
    {
        "since": serializers.DateTimeField(),
        "hits": serializers.IntegerField(),
        "clicks": serializers.IntegerField(),
        "conversions": serializers.IntegerField(),
        "value": amount(),
    },
    allow_null=True,
    help_text="The open hour so far, approximate; null where the range excludes now.",
)
NO_RATE = inline_serializer(
    "ReportNoRate",
    {
        "conversions": serializers.IntegerField(help_text="Counted, with some of their value left out."),
        "values": serializers.DictField(child=amount(), help_text="What was left out: currency -> amount in it."),
    },
)
SET_ASIDE = inline_serializer(
    "ReportSetAside",
    {"no_rate": NO_RATE},
    help_text="By reason, what the value of these days' conversions leaves out; `no_rate`: load rates.",
)
FIT = inline_serializer(
    "ReportFit",
    {
        "months": serializers.ListField(child=serializers.CharField(), help_text="Those whose fits credit rests on."),
        "missing": inline_serializer(
            "ReportFitMissing",
            {"month": serializers.CharField(), "goals": serializers.ListField(child=serializers.CharField())},
            many=True,
            help_text="Months from which goals had nothing to learn: their credit is shared evenly.",
        ),
    },
    allow_null=True,
    help_text="Of the data-driven models; null of the others.",
)
REPORT = inline_serializer(
    "ConversionReport",
    {
        "site": serializers.CharField(),
        "timezone": serializers.CharField(),
        "currency": serializers.CharField(),
        "model": serializers.CharField(),
        "basis": serializers.CharField(),
        "rows": ROW,
        "unattributed": inline_serializer("ReportUnattributed", {"conversions": amount(), "value": amount()}),
        "totals": TOTALS,
        "sealed_until": serializers.DateTimeField(help_text="Everything before is complete."),
        "provisional": serializers.BooleanField(help_text="Whether the range reaches past that."),
        "live": LIVE,
        "recounting": serializers.BooleanField(
            help_text="Whether old figures are being made again, after a change of the configuration or by a replay."
        ),
        "set_aside": SET_ASIDE,
        "fit": FIT,
    },
)
ERROR = inline_serializer(
    "Refusal",
    {
        "error": inline_serializer(
            "Reason",
            {
                "code": serializers.CharField(),
                "field": serializers.CharField(allow_null=True),
                "detail": serializers.CharField(),
            },
        )
    },
)

describe_report = extend_schema(
    summary="Conversions and their value by ad, campaign, goal, day or hour",
    parameters=PARAMETERS,
    responses={
        (200, "application/json"): REPORT,
        (200, "text/csv"): OpenApiTypes.STR,
        **{(status, "application/json"): ERROR for status in (400, 401, 404, 503)},
    },
)
