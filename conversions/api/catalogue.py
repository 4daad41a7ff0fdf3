"""Catalogue: the endpoints with which staff changes campaigns, ads and goals. If a model refuses a change,
`tracker.errors` answers with 400."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from conversions.api.replays import describe_replay
from conversions.configuration.loading import load_site
from conversions.configuration.rate_table import read_rates
from conversions.marks.ranges import read_range
from conversions.models import Ad, Campaign, Goal, GoalRules, GoalVersion, MatchRule, slug
from conversions.replay.draft import draft_goal
from conversions.replay.preview import LONGEST_DAYS, Preview, PreviewAnswer, describe_preview, gather_until, last_days
from conversions.replay.replay import make_retroactive
from conversions.store.reading import open_to_read
from conversions.units.now import now_ms
from tracker.archive import open_archive
from tracker.collection.hit import iso, to_plain
from tracker.collection.refusal import Refusal
from tracker.models import Site
from tracker.permissions import StaffPermissions

MAX_RULES = 100
#: A preview stops after this many seconds, and counts what it has read.
PREVIEW_SECONDS = 10
RULES = tuple(field.name for field in GoalRules._meta.fields)


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign. The site of a campaign can't be changed."""

    site = serializers.SlugRelatedField(slug_field="key", queryset=Site.objects.all(), help_text="The public key.")

    class Meta:
        model = Campaign
        fields = ("url", "id", "site", "key", "name", "channel")


class MatchRuleSerializer(serializers.ModelSerializer[MatchRule]):
    """A match rule. A touch that meets all patterns of the rule belongs to the rule's ad, if it names no ad itself. In
    a pattern, `*` is any text."""

    class Meta:
        model = MatchRule
        fields = ("source", "medium", "campaign", "content", "term", "network")

    def validate(self, patterns: dict[str, str]) -> dict[str, str]:
        """Check the rule in the same way as the model does. If the fault is found here, the answer can name the
        rule."""
        MatchRule(**patterns).clean()
        return patterns


class AdSerializer(serializers.ModelSerializer[Ad]):
    """An ad. If `rules` are given, they replace the stored rules."""

    rules = MatchRuleSerializer(many=True, required=False, max_length=MAX_RULES)  # type: ignore[call-arg]
    site = serializers.CharField(source="campaign.site.key", read_only=True)

    class Meta:
        model = Ad
        fields = ("url", "id", "site", "campaign", "key", "name", "destination", "channel", "rules")

    def create(self, validated_data: dict[str, Any]) -> Ad:
        """Save the ad and its rules in one transaction."""
        rules = validated_data.pop("rules", [])
        with transaction.atomic():
            ad = Ad.objects.create(**validated_data)
            replace_rules(ad, rules)
        return ad

    def update(self, ad: Ad, validated_data: dict[str, Any]) -> Ad:
        """Save the ad and its rules in one transaction. If `rules` are not given, the stored rules stay."""
        rules = validated_data.pop("rules", None)
        with transaction.atomic():
            super().update(ad, validated_data)
            if rules is not None:
                replace_rules(ad, rules)
        return Ad.objects.get(pk=ad.pk)


def replace_rules(ad: Ad, rules: Iterable[dict[str, str]]) -> None:
    """Replace the rules of an ad. The model checks each rule."""
    for rule in ad.rules.all():
        rule.delete()
    for patterns in rules:
        MatchRule.objects.create(ad=ad, **patterns)


class GoalVersionSerializer(serializers.ModelSerializer[GoalVersion]):
    """A version of a goal's rules, and when it takes effect."""

    starts_at = serializers.SerializerMethodField(help_text="ISO 8601; null if it is in force from the beginning.")

    class Meta:
        model = GoalVersion
        fields = ("version", "starts_at", *RULES)
        read_only_fields = fields

    def get_starts_at(self, version: GoalVersion) -> str | None:
        """Return when the version takes effect. None if the version is in force from the beginning."""
        return iso(version.starts_at) if version.starts_at else None


class GoalSerializer(serializers.ModelSerializer[Goal]):
    """A goal. If the goal's rules are changed, it gets a new version, which takes effect about ten minutes later."""

    site = serializers.SlugRelatedField(slug_field="key", queryset=Site.objects.all(), help_text="The public key.")
    versions = GoalVersionSerializer(many=True, read_only=True)

    class Meta:
        model = Goal
        fields = ("url", "id", "site", "key", "name", *RULES, "versions")


class RetroactiveGoalSerializer(GoalSerializer):
    """A goal that was made retroactive, and the replay that adds its earlier conversions. The serializer takes the
    replay from its context."""

    replay = serializers.SerializerMethodField()

    class Meta(GoalSerializer.Meta):
        fields = (*GoalSerializer.Meta.fields, "replay")

    @extend_schema_field({"$ref": "#/components/schemas/ReplayState"})
    def get_replay(self, _goal: Goal) -> dict[str, Any]:
        """Return the progress of the replay."""
        return to_plain(describe_replay(self.context["replay"], now_ms()))


class RetroactiveSerializer(serializers.Serializer[Any]):
    """The field `from` of a request: an instant or a day of the site's calendar, not in the future."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Make the field. `from` is a keyword of Python, and can't be an attribute of the class."""
        return {"from": serializers.CharField(max_length=40)}


class DraftSerializer(serializers.ModelSerializer[Goal]):
    """The rules of a goal that is not saved. If the site has a saved goal with this key, the saved goal's rules are
    used where the request has none."""

    site = serializers.SlugRelatedField(slug_field="key", queryset=Site.objects.all(), help_text="The public key.")
    key = serializers.CharField(max_length=100, required=False, allow_blank=True, validators=[slug])
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=30)

    class Meta:
        model = Goal
        fields = ("site", "key", "days", *(name for name in RULES if name != "active"))
        # A draft may have the key of an existing goal.
        validators: list[Any] = []


def read_since(given: serializers.BaseSerializer[Any], site: Site) -> int:
    """Check the field `from` of a request, and return it as an instant (ms). Raises Refusal."""
    given.is_valid(raise_exception=True)
    since = read_range(site, given.validated_data["from"], None).since
    if since > now_ms():
        raise Refusal(400, "bad_range", "from must not be in the future.", "from")
    return max(since, 0)


def in_time(seconds: float) -> Callable[[], bool]:
    """Return a function that returns True until `seconds` have passed since `in_time` was called."""
    ends_at = time.monotonic() + seconds
    return lambda: time.monotonic() < ends_at


class CampaignViewSet(viewsets.ModelViewSet[Campaign]):
    """Campaigns. A campaign with ads can't be deleted."""

    queryset = Campaign.objects.select_related("site").order_by("pk")
    permission_classes = (StaffPermissions,)
    serializer_class = CampaignSerializer
    filter_texts = {"site": "site__key"}
    filter_ids = {"account": "site__account"}
    search_fields = ("key", "name")


class AdViewSet(viewsets.ModelViewSet[Ad]):
    """Ads with their match rules."""

    queryset = Ad.objects.select_related("campaign__site").prefetch_related("rules").order_by("pk")
    permission_classes = (StaffPermissions,)
    serializer_class = AdSerializer
    filter_texts = {"site": "campaign__site__key"}
    filter_ids = {"account": "campaign__site__account", "campaign": "campaign"}
    search_fields = ("key", "name", "campaign__key")


class GoalViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet[Goal],
):
    """Goals. A goal can't be deleted, because its conversions refer to it. Switch it off with `active` instead."""

    queryset = (
        Goal.objects.select_related("site")
        .prefetch_related(Prefetch("versions", GoalVersion.objects.order_by("version")))
        .order_by("pk")
    )
    permission_classes = (StaffPermissions,)
    serializer_class = GoalSerializer
    filter_texts = {"site": "site__key"}
    permissions_needed = {"retroactive": "conversions.backdate_goal", "preview": "conversions.preview_goal"}
    filter_ids = {"account": "site__account"}
    search_fields = ("key", "name")

    @extend_schema(request=RetroactiveSerializer, responses={202: RetroactiveGoalSerializer})
    @action(detail=True, methods=["post"], serializer_class=RetroactiveSerializer)
    def retroactive(self, request: Request, **_: Any) -> Response:
        """Let the newest version of the goal take effect at `from`, and request a replay of the hits since `from`, in
        the background."""
        goal = self.get_object()
        replay = make_retroactive(goal, read_since(self.get_serializer(data=request.data), goal.site))
        changed = RetroactiveGoalSerializer(
            self.get_queryset().get(pk=goal.pk), context={**self.get_serializer_context(), "replay": replay}
        )
        return Response(changed.data, status=202)

    @extend_schema(request=DraftSerializer, responses=PreviewAnswer)
    @action(detail=False, methods=["post"], serializer_class=DraftSerializer)
    def preview(self, request: Request, **_: Any) -> Response:
        """Count the conversions that a goal with these rules would have had in the last days, from the archive. Nothing
        is changed."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        site, days = (given.validated_data.pop(name) for name in ("site", "days"))
        key = given.validated_data.pop("key", "")
        config = load_site(site.key)
        if config is None:
            raise Refusal(404, "unknown_site", "The site was deleted just now.", "site")
        site_range = last_days(site.key, days, now_ms())
        draft = draft_goal(site, config, key, given.validated_data, site_range.since)
        preview = Preview(open_to_read(), config, draft, site_range, read_rates)
        gather_until(preview, open_archive(), in_time(PREVIEW_SECONDS))
        return Response(to_plain(describe_preview(preview, site_range, config)))

    def perform_update(self, serializer: serializers.BaseSerializer[Goal]) -> None:
        """Save the goal, and read it again, because saving may have made a new version."""
        goal = serializer.save()
        serializer.instance = self.get_queryset().get(pk=goal.pk)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("campaigns", CampaignViewSet)
router.register("ads", AdViewSet)
router.register("goals", GoalViewSet)

urlpatterns = router.urls
