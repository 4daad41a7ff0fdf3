"""What /api/schema says of support's API: parameters and the shapes of answers."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

from conversions.attribution.credit import LEARNED, MODELS
from tracker.openapi import amount, parameter

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


SITE = parameter("site", "The site's public key.", required=True)
AFTER = parameter("after", "Where the page begins; take it from `next`.")
REFUSED = {
    status: OpenApiResponse(OpenApiTypes.OBJECT, description=description)
    for status, description in (
        (400, "A parameter can't be used."),
        (401, "Nobody is signed in, or the token is not valid."),
        (404, "No such thing, or it is another account's."),
        (503, "A service is away; try again."),
    )
}


def text(help_text: str = "", **more: Any) -> serializers.CharField:
    """A text."""
    return serializers.CharField(help_text=help_text, **more)


def maybe(help_text: str = "") -> serializers.CharField:
    """A text or null."""
    return text(help_text, allow_null=True)


def by_model(name: str) -> serializers.Serializer[Any]:
    """An amount under each model."""
    return inline_serializer(name, {model: amount() for model in MODELS})


def learnt_model(name: str) -> serializers.Serializer[Any]:
    """Which fit a data-driven model needed."""
    return inline_serializer(
        f"ConversionModel{name.capitalize()}",
        {
            "fit": maybe("The month whose fit the credit needs; null where it needs none."),
            "reason": maybe("`no_fit`: credit is shared evenly; `by_campaign`, `too_many_ads`."),
        },
    )


def sent() -> serializers.Serializer[Any]:
    """What the hit itself said of its value."""
    return inline_serializer("ConversionSent", {"value": amount(allow_null=True), "currency": maybe()})


def source() -> Fields:
    """Where the hit is archived."""
    return {"batch": maybe("The batch that brought it."), "archive_key": maybe("The batch's object in the archive.")}


def page(name: str, results: serializers.BaseSerializer[Any], **more: Any) -> serializers.Serializer[Any]:
    """A page of results."""
    following = serializers.URLField(allow_null=True, help_text="The next page, null on the last.")
    return inline_serializer(name, {"results": results, "next": following, **more})


SENT = sent()
RATE = inline_serializer(
    "ConversionRate",
    {"rate": text("With twelve places."), "day": serializers.DateField(help_text="Of the table.")},
    allow_null=True,
    help_text="What one unit of the sent currency is worth in the site's; null where it is the same or none is known.",
)
TOUCH: Fields = {
    "hit": text(),
    "ad": text("As the report's rows call it."),
    "campaign": text(),
    "configured": serializers.BooleanField(),
    "kind": text("`click` or `view`."),
    "at": serializers.DateTimeField(),
    "day": serializers.DateField(help_text="By the site's calendar."),
    "visitor": text(),
    "eligible": serializers.BooleanField(),
    "reason": maybe("`after_conversion`, `outside_window`, `duplicate` or `beaten_by_click`."),
    "credit": by_model("TouchCredit"),
    "value": by_model("TouchValue"),
    "parameters": serializers.DictField(child=serializers.CharField()),
    **source(),
}
DUPLICATE: Fields = {
    "hit": text(),
    "at": serializers.DateTimeField(),
    "visitor": text(),
    "goal_version": serializers.IntegerField(),
    "sent": SENT,
    "reason": text("`duplicate` or `not_in_force`."),
    **source(),
}
ADJUSTMENT: Fields = {
    "hit": text(),
    "kind": text("`refund`, `restate` or `retract`."),
    "at": serializers.DateTimeField(),
    "value": amount(allow_null=True),
    "currency": text(),
    "rate": RATE,
    "effect": text("`applied`, `superseded`, `duplicate` or `no_rate`."),
    **source(),
}
GOAL: Fields = {
    "key": text(),
    "version": serializers.IntegerField(),
    "counting": text("`every`, `once` or `click`."),
    "click_window_days": serializers.IntegerField(),
    "view_window_days": serializers.IntegerField(),
}
HIT_ASIDE: Fields = {
    "hit": text(),
    "at": serializers.DateTimeField(),
    "code": text("See docs/errors.md."),
    "detail": text("The same in words."),
    "type": text(),
    "ad": maybe("The ad's key, where the hit names one."),
    "visitor": text(),
    **source(),
}
HITS_ASIDE: Fields = {
    "hits": inline_serializer("ConversionHitAside", HIT_ASIDE, many=True),
    "window_from": serializers.DateTimeField(help_text="Where the longer window of the goal begins."),
    "since": serializers.DateTimeField(help_text="Those since then were looked through; `/api/rejected` tells all."),
    "complete": serializers.BooleanField(help_text="Whether these are all of the window."),
}
LEFT_OUT: Fields = {
    **{name: serializers.IntegerField() for name in ("duplicates", "adjustments", "touches")},
    "uncounted_touches": serializers.BooleanField(help_text="Whether there may be more touches than were looked at."),
}
LINKED_VISITOR: Fields = {
    "visitor": text(),
    "links": inline_serializer(
        "ConversionLink",
        {"at": serializers.DateTimeField(), "hit": text()},
        many=True,
        help_text="The first hits by which the visitor is the user's.",
    ),
}
PERSON: Fields = {
    "user": maybe("Null: a visitor by itself."),
    "visitors": inline_serializer("ConversionVisitor", LINKED_VISITOR, many=True),
    "more_visitors": serializers.IntegerField(help_text="How many more there are."),
}
CROWDED: Fields = {"user": text(required=False), "visitor": text(required=False)}
CONVERSION: Fields = {
    "id": text(),
    "site": text(),
    "goal": inline_serializer("ConversionGoal", GOAL),
    "at": serializers.DateTimeField(),
    "bucket": serializers.DateTimeField(help_text="The hour of the site's clock in which it is reported."),
    "day": serializers.DateField(help_text="By the site's calendar."),
    "hit": text(),
    "order": maybe(),
    "visitor": text(),
    "user": maybe("Whose it is by the visitor's links; null where no user's."),
    "persons": inline_serializer(
        "ConversionPerson", PERSON, many=True, help_text="Who claims it and with which visitors; its own person first."
    ),
    "crowded": inline_serializer(
        "ConversionCrowded", CROWDED, many=True, help_text="Users and visitors that too many share: they join nobody."
    ),
    "value": amount(),
    "currency": text("The site's."),
    "value_reason": maybe("Why some of the value is unrated: `no_rate`, another currency and no rate for its day."),
    "set_aside": serializers.DictField(
        child=amount(), help_text="What of the value is unrated, by currency, in it; empty where nothing is."
    ),
    "sent": SENT,
    "rate": RATE,
    "counted": serializers.BooleanField(),
    "reason": maybe("Why it is not counted: `retracted`, `not_first` or `not_in_force`."),
    "attributed": serializers.BooleanField(help_text="Whether any touch got credit."),
    "models": inline_serializer("ConversionModels", {model: learnt_model(model) for model in LEARNED}),
    "duplicates": inline_serializer("ConversionDuplicate", DUPLICATE, many=True),
    "adjustments": inline_serializer("ConversionAdjustment", ADJUSTMENT, many=True),
    **source(),
    "touches": inline_serializer("ConversionTouch", TOUCH, many=True),
    "hits_set_aside": inline_serializer(
        "ConversionHitsAside", HITS_ASIDE, help_text="Rejected hits of its persons until then, newest first."
    ),
    "page": serializers.URLField(help_text="Where people read the same in words."),
    "left_out": inline_serializer("ConversionLeftOut", LEFT_OUT, help_text="How many more there are of each."),
}
REJECTED: Fields = {
    "hit": text(),
    "at": serializers.DateTimeField(),
    "code": text("See docs/errors.md."),
    "field": maybe(),
    "detail": text(),
    **source(),
    "page": serializers.URLField(help_text="Where people find what else is known of the hit id."),
    "body": serializers.JSONField(allow_null=True, help_text="The hit; text where it was too long and is cut."),
}
FACT: Fields = {
    "at": serializers.DateTimeField(),
    "hit": text(),
    "kind": text("`click`, `view`, `conversion` or `link`, where the visitor named its user."),
    "user": maybe("Whose it is by the visitor's links; null where no user's."),
    "ad": text(required=False),
    "campaign": text(required=False),
    "configured": serializers.BooleanField(required=False),
    "parameters": serializers.DictField(child=serializers.CharField(), required=False),
    "id": text("The conversion that explains it.", required=False),
    "page": serializers.URLField(required=False, help_text="Where people read that in words."),
    "goal": inline_serializer("FactGoal", {"key": maybe(), "version": serializers.IntegerField()}, required=False),
    "order": text(required=False, allow_null=True),
    "sent": inline_serializer("FactSent", {"value": amount(allow_null=True), "currency": maybe()}, required=False),
    **source(),
}
REPLAY: Fields = {
    "id": serializers.IntegerField(),
    "from": maybe(),
    "to": maybe(),
    "state": text("`waiting`, `running` or `done`."),
    "batches": serializers.IntegerField(help_text="Batches of the archive gone through."),
    "hits": serializers.IntegerField(help_text="Hits of the range processed again."),
    "damaged": serializers.IntegerField(help_text="Batches that the archive could not give."),
    "reached": serializers.DateTimeField(allow_null=True, help_text="When the last batch gone through was made."),
    "problem": maybe("Why the last try stopped; it is tried again."),
    "started_at": serializers.DateTimeField(),
    "ended_at": serializers.DateTimeField(allow_null=True),
}
# A serializer that is another's field is bound to it: each use is one of its own class.
ONE_CONVERSION = inline_serializer("Conversion", CONVERSION)

describe_conversion = extend_schema(summary="Explain one conversion", responses={200: ONE_CONVERSION, **REFUSED})
describe_conversions = extend_schema(
    summary="Explain the conversions of an order, a hit, a visitor or a user",
    operation_id="conversions_list",
    parameters=[
        SITE,
        parameter("order", "An order id."),
        parameter("hit", "A hit id."),
        parameter("visitor", "A visitor id."),
        parameter("user", "A user's id, on whichever visitor."),
        AFTER,
    ],
    responses={200: page("Conversions", type(ONE_CONVERSION)(many=True)), **REFUSED},
)
describe_rejected = extend_schema(
    summary="Rejected hits, newest first",
    parameters=[
        SITE,
        parameter("code", "Only those with this code."),
        parameter("hit", "Only those with this hit id."),
        parameter("visitor", "Only those of this visitor."),
        parameter("order", "Only those of this order."),
        parameter("user", "Only those that name this user."),
        parameter("from", "An instant, or a day of the site's calendar; 30 days ago by default."),
        parameter("to", "Likewise; left out itself."),
        AFTER,
    ],
    responses={
        200: page(
            "Rejected",
            inline_serializer("RejectedHit", REJECTED, many=True),
            counts=serializers.DictField(child=serializers.IntegerField(), help_text="By code."),
        ),
        **REFUSED,
    },
)
describe_visitor = extend_schema(
    summary="One visitor's timeline",
    operation_id="visitors_timeline",
    parameters=[SITE, parameter("visitor", "A visitor id.", required=True), AFTER],
    responses={
        200: page("Timeline", inline_serializer("TimelineFact", FACT, many=True), site=text(), visitor=text()),
        **REFUSED,
    },
)
RANGE_REFUSED = {**REFUSED, 403: OpenApiResponse(OpenApiTypes.OBJECT, description="Only staff may do this.")}
describe_rollup = extend_schema(
    summary="Roll a range up again",
    responses={202: inline_serializer("Rollup", {"marked": serializers.IntegerField()}), **RANGE_REFUSED},
)
describe_replay = extend_schema(
    summary="Replay a range from the archive", responses={202: inline_serializer("Replay", REPLAY), **RANGE_REFUSED}
)
describe_replays = extend_schema(
    summary="How far a site's replays have come",
    responses={
        200: inline_serializer("Replays", {"results": inline_serializer("ReplayState", REPLAY, many=True)}),
        **RANGE_REFUSED,
    },
)
