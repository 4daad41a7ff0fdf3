"""Staff's browsable API of campaigns, ads and goals. What a model refuses is answered 400 by `tracker.errors`."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from rest_framework import mixins, serializers, viewsets
from rest_framework.routers import SimpleRouter

from conversions.models import Ad, Campaign, Goal, GoalRules, GoalVersion, MatchRule
from tracker.hit import iso
from tracker.models import Site

MAX_RULES = 100
RULES = tuple(field.name for field in GoalRules._meta.fields)


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """What ads are bought for. Its site is fixed."""

    site = serializers.SlugRelatedField(slug_field="key", queryset=Site.objects.all(), help_text="The public key.")

    class Meta:
        model = Campaign
        fields = ("url", "id", "site", "key", "name")


class MatchRuleSerializer(serializers.ModelSerializer[MatchRule]):
    """Patterns that must all match for a touch to be the ad's; `*` is any text."""

    class Meta:
        model = MatchRule
        fields = ("source", "medium", "campaign", "content", "term", "network")


class AdSerializer(serializers.ModelSerializer[Ad]):
    """What is paid for. Rules that are given replace those that were there."""

    rules = MatchRuleSerializer(many=True, required=False, max_length=MAX_RULES)  # type: ignore[call-arg]
    site = serializers.CharField(source="campaign.site.key", read_only=True)

    class Meta:
        model = Ad
        fields = ("url", "id", "site", "campaign", "key", "name", "destination", "rules")

    def create(self, validated_data: dict[str, Any]) -> Ad:
        """The ad and its rules, or neither."""
        rules = validated_data.pop("rules", [])
        with transaction.atomic():
            ad = Ad.objects.create(**validated_data)
            replace_rules(ad, rules)
        return ad

    def update(self, ad: Ad, validated_data: dict[str, Any]) -> Ad:
        """Likewise; without `rules` they stay."""
        rules = validated_data.pop("rules", None)
        with transaction.atomic():
            super().update(ad, validated_data)
            if rules is not None:
                replace_rules(ad, rules)
        return Ad.objects.get(pk=ad.pk)


def replace_rules(ad: Ad, rules: Iterable[dict[str, str]]) -> None:
    """These in place of those that it has, each saved as a person would."""
    for rule in ad.rules.all():
        rule.delete()
    for patterns in rules:
        MatchRule.objects.create(ad=ad, **patterns)


class GoalVersionSerializer(serializers.ModelSerializer[GoalVersion]):
    """What a goal said, and since when."""

    starts_at = serializers.SerializerMethodField(help_text="ISO 8601; null: from the beginning.")

    class Meta:
        model = GoalVersion
        fields = ("version", "starts_at", *RULES)
        read_only_fields = fields

    def get_starts_at(self, version: GoalVersion) -> str | None:
        """When it takes effect."""
        return iso(version.starts_at) if version.starts_at else None


class GoalSerializer(serializers.ModelSerializer[Goal]):
    """What counts as a conversion. Changed rules make a version, which takes effect some ten minutes later."""

    site = serializers.SlugRelatedField(slug_field="key", queryset=Site.objects.all(), help_text="The public key.")
    versions = GoalVersionSerializer(many=True, read_only=True)

    class Meta:
        model = Goal
        fields = ("url", "id", "site", "key", "name", *RULES, "versions")


class CampaignViewSet(viewsets.ModelViewSet[Campaign]):
    """What ads are bought for. One that has ads can't be deleted."""

    queryset = Campaign.objects.select_related("site").order_by("pk")
    serializer_class = CampaignSerializer
    filter_texts = {"site": "site__key"}
    filter_ids = {"account": "site__account"}
    search_fields = ("key", "name")


class AdViewSet(viewsets.ModelViewSet[Ad]):
    """What is paid for, with the rules by which touches are an ad's."""

    queryset = Ad.objects.select_related("campaign__site").prefetch_related("rules").order_by("pk")
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
    """What counts as a conversion. A goal is switched off (`active`), never deleted: its conversions refer to it."""

    queryset = (
        Goal.objects.select_related("site")
        .prefetch_related(Prefetch("versions", GoalVersion.objects.order_by("version")))
        .order_by("pk")
    )
    serializer_class = GoalSerializer
    filter_texts = {"site": "site__key"}
    filter_ids = {"account": "site__account"}
    search_fields = ("key", "name")

    def perform_update(self, serializer: serializers.BaseSerializer[Goal]) -> None:
        """Answers with the version that the change made."""
        goal = serializer.save()
        serializer.instance = self.get_queryset().get(pk=goal.pk)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("campaigns", CampaignViewSet)
router.register("ads", AdViewSet)
router.register("goals", GoalViewSet)

urlpatterns = router.urls
