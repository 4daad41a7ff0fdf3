"""Admin: the admin pages of campaigns, ads, goals, marks, exchange rates and spend."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Model, Prefetch, QuerySet, URLField
from django.http import HttpRequest

from conversions.marks.marks import ONWARD, WHOLE_SITE
from conversions.models import Ad, Campaign, Goal, GoalVersion, Mark, MatchRule, RateRow, SpendRow
from conversions.replay.replay import make_retroactive
from conversions.rules.ads import UTM_TAGS
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms

MAX_RULES = 100


def format_instant(at: int, timezone: str = "UTC") -> str:
    """Return an instant (ms) as text in a timezone, such as `2026-11-23 17:00:00 Europe/Berlin`."""
    return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S} {timezone}"


def effect_of(version: GoalVersion) -> str:
    """Return when a version of a goal takes effect, as text: `2026-11-23 17:00:00 Europe/Berlin` or `from the
    beginning`."""
    return format_instant(version.starts_at, version.goal.site.timezone) if version.starts_at else "from the beginning"


M = TypeVar("M", bound=Model)


class OneByOne(admin.ModelAdmin[M]):
    """The base of admin pages that delete rows one by one. A bulk delete would not call the row's `delete`, which marks
    the site to be rolled up again."""

    def delete_queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen rows in one transaction."""
        with transaction.atomic():
            for one in queryset:
                one.delete()


@admin.register(Campaign)
class CampaignAdmin(OneByOne[Campaign]):
    """The admin pages of campaigns."""

    list_display = ("key", "name", "site", "account")
    list_select_related = ("site__account",)
    list_filter = ("site__account",)
    search_fields = ("key", "name", "site__name", "site__key", "site__account__name")
    autocomplete_fields = ("site",)

    def get_readonly_fields(self, _request: HttpRequest, campaign: Campaign | None = None) -> tuple[str, ...]:
        """Return the fields that can't be edited: the site, once the campaign is saved."""
        return ("site",) if campaign else ()

    @admin.display(ordering="site__account__name")
    def account(self, campaign: Campaign) -> str:
        """The account that owns the campaign."""
        return campaign.site.account.name


class MatchRuleInline(admin.TabularInline[MatchRule, Ad]):
    """The match rules of an ad, on the ad's page."""

    model = MatchRule
    extra = 1
    max_num = MAX_RULES
    verbose_name = "match rule"
    verbose_name_plural = (
        "match rules: a touch belongs to this ad if all patterns of one rule match; * is any"
        " text, ? is any one character"
    )


#: The parameters of the address that fill the first match rule of a new ad.
RULE_PARAMETERS = frozenset(f"rule-{field}" for field in (*UTM_TAGS, "network"))


@admin.register(Ad)
class AdAdmin(OneByOne[Ad]):
    """The admin pages of ads."""

    list_display = ("key", "name", "campaign", "site", "rule_list", "destination")
    list_select_related = ("campaign__site",)
    list_filter = ("campaign__site__account",)
    search_fields = ("key", "name", "campaign__key", "campaign__name", "campaign__site__name", "campaign__site__key")
    autocomplete_fields = ("campaign",)
    inlines = (MatchRuleInline,)
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_formset_kwargs(self, request: HttpRequest, obj: Ad, inline: Any, prefix: str) -> dict[str, Any]:
        """Fill the first match rule of a new ad with the parameters `rule-*` of the address: `?rule-source=google`."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        # Rules are filled in only when the empty form is shown. When the form is sent, Django would not save a rule
        # that still has its initial values.
        if request.method == "GET" and obj.pk is None:
            rule = {name.removeprefix("rule-"): value for name, value in request.GET.items() if name in RULE_PARAMETERS}
            kwargs["initial"] = [rule]
        return kwargs

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ad]:
        """Return the ads. The match rules of all ads are read in one more query."""
        return super().get_queryset(request).prefetch_related("rules")

    @admin.display(description="site", ordering="campaign__site__name")
    def site(self, ad: Ad) -> str:
        """The name of the ad's site."""
        return ad.campaign.site.name

    @admin.display(description="match rules")
    def rule_list(self, ad: Ad) -> str:
        """The match rules of the ad as text."""
        return "; or ".join(str(rule) for rule in ad.rules.all())


class VersionInline(admin.TabularInline[GoalVersion, Goal]):
    """The versions of a goal's rules, on the goal's page, each with the time at which it takes effect."""

    model = GoalVersion
    fields = (
        *("version", "takes_effect", "active", "path", "event", "conditions", "match"),
        *("fixed_value", "factor", "counting", "open_values"),
        *("click_window_days", "view_window_days"),
    )
    readonly_fields = fields
    ordering = ("-version",)
    verbose_name_plural = "versions: a hit must meet the version that was in force at its time"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GoalVersion]:
        """Return the versions together with their sites, because `takes_effect` needs the site's timezone."""
        return super().get_queryset(request).select_related("goal__site")

    @admin.display(description="takes effect")
    def takes_effect(self, version: GoalVersion) -> str:
        """When the version takes effect, as text in the site's timezone."""
        return effect_of(version)

    def has_add_permission(self, *_: Any) -> bool:
        """Always False, because a version is made only by saving the goal."""
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        """Always False, because the rules of a version never change."""
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        """Always False, because conversions refer to versions."""
        return False


@admin.register(Goal)
class GoalAdmin(admin.ModelAdmin[Goal]):
    """The admin pages of goals."""

    list_display = ("key", "name", "site", "active", "path", "event", "fixed_value", "counting", "takes_effect")
    list_select_related = ("site",)
    list_filter = ("active", "counting", "site__account")
    search_fields = ("key", "name", "site__name", "site__key", "event", "path")
    autocomplete_fields = ("site",)
    inlines = (VersionInline,)
    actions = ("count_30_days", "count_90_days", "count_from_beginning")
    fieldsets = (
        (None, {"fields": ("site", "key", "name", "active")}),
        (
            "Which hits",
            {
                "fields": ("path", "event", "conditions", "match"),
                "description": "A hit meets the goal if it is a page view with this path, or any hit with this event"
                " name, and if it meets the conditions. A hit of type conversion whose name is the key always meets it."
                " Only page views meet a condition on the path. If the goal also needs an event, the event must happen"
                " on that page.",
            },
        ),
        ("What they count", {"fields": ("fixed_value", "factor", "counting", "open_values")}),
        ("Which touches may earn credit", {"fields": ("click_window_days", "view_window_days")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Goal]:
        """Return the goals. The versions of all goals are read in one more query."""
        versions = GoalVersion.objects.select_related("goal__site").order_by("-version")
        return super().get_queryset(request).prefetch_related(Prefetch("versions", versions))

    def get_readonly_fields(self, _request: HttpRequest, goal: Goal | None = None) -> tuple[str, ...]:
        """Return the fields that can't be edited: the site and the key, once the goal is saved."""
        return ("site", "key") if goal else ()

    @admin.action(
        description="Also count the conversions of the last 30 days (with a replay)", permissions=["backdate"]
    )
    def count_30_days(self, request: HttpRequest, goals: QuerySet[Goal]) -> None:
        """Let the newest version of each chosen goal take effect 30 days ago."""
        self._make_retroactive(request, goals, now_ms() - 30 * DAY_MS)

    @admin.action(
        description="Also count the conversions of the last 90 days (with a replay)", permissions=["backdate"]
    )
    def count_90_days(self, request: HttpRequest, goals: QuerySet[Goal]) -> None:
        """Let the newest version of each chosen goal take effect 90 days ago."""
        self._make_retroactive(request, goals, now_ms() - 90 * DAY_MS)

    @admin.action(description="Also count all past conversions (with a replay)", permissions=["backdate"])
    def count_from_beginning(self, request: HttpRequest, goals: QuerySet[Goal]) -> None:
        """Let the newest version of each chosen goal take effect from the beginning."""
        self._make_retroactive(request, goals, 0)

    def has_backdate_permission(self, request: HttpRequest) -> bool:
        """Whether the user may let versions of goals take effect in the past."""
        return request.user.has_perm("conversions.backdate_goal")

    def _make_retroactive(self, request: HttpRequest, goals: QuerySet[Goal], since: int) -> None:
        with transaction.atomic():
            chosen = list(goals)
            for goal in chosen:
                make_retroactive(goal, since)
            LogEntry.objects.log_actions(
                int(request.user.pk or 0), chosen, CHANGE, f"Retroactive since {format_instant(since)}."
            )
        messages.info(request, "The archive is replayed in the background; reports say `recounting` until it is done.")

    @admin.display(description="newest version takes effect")
    def takes_effect(self, goal: Goal) -> str:
        """When the newest version of the goal takes effect, as text."""
        return next((effect_of(version) for version in goal.versions.all()), "")

    def save_model(self, request: HttpRequest, goal: Goal, form: Any, change: bool) -> None:
        """Save the goal, and show the user when its new version takes effect."""
        super().save_model(request, goal, form, change)
        newest = goal.versions.select_related("goal__site").order_by("-version").first()
        if newest and newest.starts_at > now_ms():
            messages.info(request, f"Version {newest.version} takes effect {effect_of(newest)}.")

    def has_delete_permission(self, _request: HttpRequest, _goal: Goal | None = None) -> bool:
        """Always False, because conversions refer to the goal. A goal can be switched off."""
        return False


@admin.register(Mark)
class MarkAdmin(admin.ModelAdmin[Mark]):
    """The admin page of marks, which can only be viewed. An open mark says that an hour waits to be rolled up."""

    list_display = ("site", "starts", "marked", "token")
    list_filter = ("marked",)
    search_fields = ("site",)
    search_help_text = "By the site's public key."
    ordering = ("-marked", "bucket")
    show_full_result_count = False

    @admin.display(description="bucket", ordering="bucket")
    def starts(self, mark: Mark) -> str:
        """When the bucket of the mark starts, as text. For a mark on a whole site, the text says this."""
        if mark.bucket == WHOLE_SITE:
            return "the whole site"
        return format_instant(mark.bucket) + (" and all later ones" if mark.part == ONWARD else "")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Always False, because only the program sets marks."""
        return False

    def has_change_permission(self, _request: HttpRequest, _mark: Mark | None = None) -> bool:
        """Always False, because only the program changes marks."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _mark: Mark | None = None) -> bool:
        """Always False, because only the rollup removes marks."""
        return False


@admin.register(RateRow)
class RateAdmin(admin.ModelAdmin[RateRow]):
    """The admin page of the exchange rates, which `manage.py load_rates` loads. Rates can only be viewed."""

    list_display = ("day", "base", "quote", "rate")
    list_filter = ("base", "quote")
    search_fields = ("=base", "=quote", "day")
    search_help_text = "By a currency's code or a day such as 2026-11-23."
    ordering = ("-day", "base", "quote")
    date_hierarchy = "day"
    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Always False, because rates are loaded from a file."""
        return False

    def has_change_permission(self, _request: HttpRequest, _rate: RateRow | None = None) -> bool:
        """Always False. To change a rate, load another rate for the day. The affected hours are then rolled up
        again."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _rate: RateRow | None = None) -> bool:
        """Always False, because figures depend on the rates."""
        return False


@admin.register(SpendRow)
class SpendAdmin(admin.ModelAdmin[SpendRow]):
    """The admin page of spend: what ads cost, as imported by `manage.py import_spend`. Spend can only be viewed."""

    list_display = ("day", "site", "imported_as", "currency", "ad", "source", "medium", "campaign", "cost")
    list_select_related = ("site",)
    list_filter = ("site",)
    search_fields = ("=day", "=imported_as", "campaign", "=ad")
    ordering = ("-day", "site", "imported_as")
    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Always False, because spend is imported from a file."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: SpendRow | None = None) -> bool:
        """Always False. To change spend, import a corrected file from the same source."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: SpendRow | None = None) -> bool:
        """Always False. To change spend, import a corrected file from the same source."""
        return False
