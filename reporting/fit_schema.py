"""What /api/schema says of fits: the parameters and the shape of the answer."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers

from reporting.schema import ERROR
from tracker.openapi import amount, parameter

COVERAGE = {
    "one_in": "Everybody (1), or one person in so many, was looked at.",
    "conversions": "That count in the month.",
    "with_touches": "Of these, those with touches that may earn credit.",
    "cut": "Paths of which only the newest 50 steps were taken.",
    "other_ads": "Ads beyond the 100 with most steps: they are `(other)`.",
    "left_out": "Distinct paths beyond the 10,000 most frequent.",
    "left_out_converted": "Paths with a conversion among these.",
    "left_out_unconverted": "Paths without one among these.",
    "many_ads_converted": "Paths with a conversion and more than 12 ads: in none of `sets`.",
    "many_ads_unconverted": "Paths without one and more than 12 ads, likewise.",
    "many_campaigns_converted": "Paths with a conversion and more than 12 campaigns: in none of `campaign_sets`.",
    "many_campaigns_unconverted": "Paths without one and more than 12 campaigns, likewise.",
}


def number(help_text: str = "") -> serializers.IntegerField:
    """A count."""
    return serializers.IntegerField(help_text=help_text)


def sets(name: str, help_text: str) -> serializers.BaseSerializer[object]:
    """Sets of players."""
    fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "names": serializers.ListField(child=serializers.CharField()),
        "paths": number(),
        "converted": number(),
        "rate": amount(),
    }
    return inline_serializer(name, fields, many=True, help_text=help_text)


FIT = inline_serializer(
    "FitReport",
    {
        "site": serializers.CharField(),
        "goal": serializers.CharField(),
        "month": serializers.CharField(help_text="It weighs the conversions of the month after it."),
        "timezone": serializers.CharField(),
        "made_at": serializers.DateTimeField(),
        "fingerprint": serializers.CharField(help_text="Of all that weights are made of: equal ones, equal weights."),
        "usable": serializers.BooleanField(help_text="Whether any path led to a conversion; if not, credit is even."),
        "paths": inline_serializer(
            "FitPaths",
            {
                "distinct": number(),
                "converted": number("Paths at whose end was a conversion."),
                "unconverted": number("Paths of persons without a conversion in the month."),
            },
        ),
        "coverage": inline_serializer("FitCoverage", {name: number(text) for name, text in COVERAGE.items()}),
        "ads": inline_serializer(
            "FitAd",
            {
                "name": serializers.CharField(help_text="As the other lists call it."),
                "ad": serializers.CharField(),
                "campaign": serializers.CharField(allow_null=True),
                "configured": serializers.BooleanField(),
                "removal_effect": serializers.CharField(
                    help_text="The part of conversions that goes missing without the ad, with nine places."
                ),
                "share": amount(),
            },
            many=True,
        ),
        "transitions": inline_serializer(
            "FitTransition",
            {
                "from": serializers.CharField(help_text="`(start)` or an ad's name."),
                "to": serializers.CharField(help_text="An ad's name, `(conversion)` or `(null)`."),
                "count": number(),
                "chance": amount(),
            },
            many=True,
        ),
        "sets": sets("FitSet", "How often paths by just these ads, in any order, converted: Shapley's coalitions."),
        "campaign_sets": sets("FitCampaignSet", "The same by campaign, for paths of more than 12 ads."),
        "left_out": inline_serializer(
            "FitLeftOut", {"sets": number(), "campaign_sets": number()}, help_text="Beyond the 1,000 that are listed."
        ),
    },
)
describe_fit = extend_schema(
    summary="What a month taught the data-driven models of a goal",
    parameters=[
        parameter("site", "The site's public key.", required=True),
        parameter("goal", "The goal's key.", required=True),
        parameter("month", "The month that was learnt from, such as 2026-10.", required=True),
    ],
    responses={200: FIT, **{(status, "application/json"): ERROR for status in (400, 401, 404, 503)}},
)
