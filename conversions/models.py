"""The configuration of conversions: campaigns, ads, goals and their versions; and the marks of buckets to roll up.

Saving what figures depend on marks the whole site in the same transaction.
"""

import secrets
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction

from conversions.conditions import MAX_CONDITIONS, MAX_LINE, BadCondition, read_conditions
from conversions.goals import DAY_MS, LONGEST_WINDOW
from conversions.store.rates import RateLoad, RateRow
from conversions.store.rows import CellRow, CountRow, FactRow, SetAsideCountRow, SetAsideRow
from conversions.store.sequence import WHOLE_SITE, FitMark, Mark, Sequence, SiteCurrency, mark_buckets
from tracker.models import Site, keep_soon

if settings.CASSANDRA_URL:
    # Where the engine looks for the tables that `manage.py sync_cassandra` makes.
    from conversions.store.tables import (  # noqa: F401
        Claims,
        Counters,
        Ledger,
        Rejected,
        RejectedCounts,
        Rollups,
        Timeline,
    )  # fmt: skip

__all__ = [
    "Ad", "Campaign", "CellRow", "CountRow", "FactRow", "FitMark", "Goal", "GoalVersion", "Mark", "Marker", "MatchRule",
    "RateLoad", "RateRow", "Replay", "Sequence", "SetAsideCountRow", "SetAsideRow", "SiteCurrency",
]  # fmt: skip

slug = RegexValidator(r"\A[A-Za-z0-9._:-]+\Z", "Letters, digits and . _ : - only.")
LONGEST_WINDOW_DAYS = LONGEST_WINDOW // DAY_MS
#: A hit's `at` may lie this far ahead of its receipt.
AHEAD_MS = 10 * 60 * 1000


def now_ms() -> int:
    """The clock, in ms since the epoch."""
    return time.time_ns() // 1_000_000


def note_change(site: Site) -> None:
    """Call it in the transaction that changes the configuration: the whole site is marked, a snapshot kept soon."""
    mark_buckets(site.key, [WHOLE_SITE])
    keep_soon()


class FiguresDependOnIt(models.Model):
    """What figures depend on: saving or deleting it marks its whole site in the same transaction."""

    #: What can't change once it is saved, with what to do instead.
    FIXED: dict[str, str] = {}

    class Meta:
        abstract = True

    def get_site(self) -> Site:
        """The site whose figures may change."""
        raise NotImplementedError

    def clean(self) -> None:
        """Refuses a change of what is fixed."""
        saved = type(self)._default_manager.filter(pk=self.pk).first() if self.pk else None
        for field, instead in self.FIXED.items():
            if saved and getattr(saved, field) != getattr(self, field):
                raise ValidationError({field.removesuffix("_id"): f"This can't change any more. {instead}"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves under the rules of `clean` and marks the site."""
        with transaction.atomic():
            self.clean()
            super().save(*args, **kwargs)
            note_change(self.get_site())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Deletes and marks the site."""
        with transaction.atomic():
            note_change(self.get_site())
            return super().delete(*args, **kwargs)


class Campaign(FiguresDependOnIt):
    """What ads are bought for."""

    FIXED = {"site_id": "Make another campaign on that site."}

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="campaign_key")]

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Its site."""
        return self.site


class Ad(FiguresDependOnIt):
    """What is paid for. Touches are its own by its key or its match rules; ads are tried in the order of their ids."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ads")
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)
    destination = models.URLField(max_length=2000, blank=True, help_text="Where its clicks lead.")

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Its campaign's site."""
        return self.campaign.site

    def clean(self) -> None:
        """Refuses a key that another ad of the site has, and a move to another site."""
        if not self.campaign_id:
            return
        site = self.campaign.site_id
        if Ad.objects.filter(pk=self.pk).exclude(campaign__site=site).exists():
            raise ValidationError({"campaign": "An ad can't move to another site. Make another ad there."})
        if Ad.objects.filter(campaign__site=site, key=self.key).exclude(pk=self.pk).exists():
            raise ValidationError({"key": f"This site has an ad {self.key!r} already."})


class MatchRule(FiguresDependOnIt):
    """Globs over utm tags and the network; all that are given must match for a touch to be the ad's."""

    FIXED = {"ad_id": "Make another rule there."}

    ad = models.ForeignKey(Ad, on_delete=models.CASCADE, related_name="rules")
    source = models.CharField("utm_source", max_length=200, blank=True)
    medium = models.CharField("utm_medium", max_length=200, blank=True)
    campaign = models.CharField("utm_campaign", max_length=200, blank=True)
    content = models.CharField("utm_content", max_length=200, blank=True)
    term = models.CharField("utm_term", max_length=200, blank=True)
    network = models.CharField(
        max_length=50, blank=True, help_text="The network of a click id, such as google-ads or meta-ads."
    )

    def __str__(self) -> str:
        names = ("source", "medium", "campaign", "content", "term", "network")
        return " and ".join(f"{name}={value}" for name in names if (value := getattr(self, name))) or "nothing"

    def get_site(self) -> Site:
        """Its ad's site."""
        return self.ad.get_site()

    def clean(self) -> None:
        """Refuses a rule without any pattern, and a move to another ad."""
        super().clean()
        if str(self) == "nothing":
            raise ValidationError("Give at least one pattern; * matches anything.")


def new_goal_uid() -> str:
    """What names a goal in facts, for ever."""
    return secrets.token_hex(6)


def validate_conditions(text: str) -> None:
    """Refuses what is no list of conditions."""
    try:
        read_conditions(text)
    except BadCondition as error:
        raise ValidationError(str(error)) from error


class GoalRules(models.Model):
    """What a goal's version says. Names are those of `conversions.goals.GoalVersion`."""

    class Counting(models.TextChoices):
        """How often one person converts."""

        EVERY = "every", "every conversion"
        ONCE = "once", "one per person"
        CLICK = "click", "one per click"

    class Match(models.TextChoices):
        """How many of the conditions must be met."""

        ALL = "all", "all of them"
        ANY = "any", "any of them"

    path = models.CharField(
        max_length=500, blank=True, help_text="A page's path; * is any text, as in /welcome*. Empty: no page."
    )
    event = models.CharField(max_length=200, blank=True, help_text="The name of any hit. Empty: none.")
    conditions = models.TextField(
        max_length=MAX_CONDITIONS * (MAX_LINE + 2),
        blank=True,
        validators=[validate_conditions],
        help_text="One a line, such as: path is /thanks; path like /orders/*; path matches ^/(en|de)/thanks;"
        " event is purchase; prop plan is pro; value >= 100; value between 10 and 20.",
    )
    match = models.CharField(
        max_length=3,
        choices=Match.choices,
        default=Match.ALL,
        help_text="Of the conditions, and of path and event, which are one: either will do.",
    )
    fixed_value = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="Empty: the hit's own value."
    )
    factor = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Multiplies the hit's own value and what adjusts it, such as 0.2 for a margin. Empty: as it is.",
    )
    counting = models.CharField(max_length=10, choices=Counting.choices, default=Counting.EVERY)
    click_window_days = models.PositiveIntegerField(default=30, validators=[MaxValueValidator(LONGEST_WINDOW_DAYS)])
    view_window_days = models.PositiveIntegerField(default=1, validators=[MaxValueValidator(LONGEST_WINDOW_DAYS)])
    active = models.BooleanField(default=True, help_text="Off: no hit meets the goal any more.")

    class Meta:
        abstract = True

    def rules(self) -> dict[str, Any]:
        """The fields that a version keeps."""
        return {field.name: getattr(self, field.name) for field in GoalRules._meta.fields}


class Goal(GoalRules, FiguresDependOnIt):
    """What counts as a conversion. Saving changed rules makes a new version, which takes effect forward."""

    FIXED = {
        "site_id": "Make another goal on that site.",
        # Hits name goals by it, and what they met stays met: another key would be another goal.
        "key": "Change its name, or make another goal and switch this one off.",
    }

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="goals")
    uid = models.CharField(max_length=12, unique=True, default=new_goal_uid, editable=False)
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="goal_key")]

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Its site."""
        return self.site

    def clean(self) -> None:
        """Refuses what is no condition, and a value that is both fixed and multiplied."""
        super().clean()
        self.conditions = "\n".join(line for raw in self.conditions.splitlines() if (line := raw.strip()))
        try:
            validate_conditions(self.conditions)
        except ValidationError as error:
            raise ValidationError({"conditions": error.messages}) from error
        if self.fixed_value is not None and self.factor is not None:
            raise ValidationError({"factor": "Give a fixed value or a factor, not both."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, makes a version where the rules changed, marks the site."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            newest = self.versions.order_by("-version").first()
            if newest is None or newest.rules() != self.rules():
                self._add_version(newest.version + 1 if newest else 1)

    def _add_version(self, version: int) -> None:
        site = Site.objects.select_for_update().get(pk=self.site_id)
        starts_at = effect_time() if site.first_hit_at else 0
        GoalVersion.objects.create(goal=self, version=version, starts_at=starts_at, **self.rules())

    def make_retroactive(self, since: int) -> None:
        """Lets the newest version hold since an earlier instant (ms). A replay from there adds the facts."""
        with transaction.atomic():
            newest = self.versions.order_by("-version").first()
            if newest and newest.starts_at > since:
                GoalVersion.objects.filter(pk=newest.pk).update(starts_at=since)
            note_change(self.site)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """A goal's conversions stay, so the goal stays: switch it off instead."""
        raise ValidationError("A goal can't be deleted, its conversions refer to it. Switch it off (active) instead.")


class GoalVersion(GoalRules):
    """One version of a goal; never changes but for an earlier start. Times are ms since the epoch."""

    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    starts_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["goal", "version"], name="goal_version")]

    def __str__(self) -> str:
        return f"{self.goal} v{self.version}"


def effect_time() -> int:
    """When a version saved now takes effect: after every cache knows it, and past every `at` already accepted."""
    return now_ms() + AHEAD_MS + 2 * 1000 * settings.CONFIG_CACHE_SECONDS


class Marker(models.Model):
    """How far the queue has come: when the newest empty batch that came through was made, ms since the epoch."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.at)

    @classmethod
    def reach(cls, at: int) -> None:
        """Notes that a marker made at this instant came through; an older one changes nothing."""
        if not cls.objects.filter(pk=1, at__lt=at).update(at=at):
            cls.objects.get_or_create(pk=1, defaults={"at": at})

    @classmethod
    def reached(cls) -> int:
        """When the newest marker that came through was made, 0 before the first."""
        row = cls.objects.filter(pk=1).first()
        return row.at if row else 0


class Kept(models.Model):
    """The snapshot of the configuration that was put into the archive last, and the digest of what it holds."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)
    key = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def digest_of_last(cls) -> str:
        """Of the last one, empty before the first."""
        row = cls.objects.filter(pk=1).first()
        return row.digest if row else ""


class Replay(models.Model):
    """How far a replay has come, so that it can go on after a stop. `site`, `since` and `until` as they were given.

    Whoever works on it holds it until `held_until` (ms). Two who do, after a crash, only do some work twice.
    """

    site = models.CharField(max_length=64, blank=True)
    since = models.CharField(max_length=40, blank=True)
    until = models.CharField(max_length=40, blank=True)
    requested = models.BooleanField(default=False, help_text="Beat goes on with it; otherwise the command does.")
    last_key = models.CharField(max_length=300, blank=True)
    batches = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveBigIntegerField(default=0)
    damaged = models.PositiveBigIntegerField(default=0, help_text="Batches that the archive could not give.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the last try stopped.")
    held_until = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "since", "until"], condition=models.Q(ended_at__isnull=True), name="replay_open"
            )
        ]

    def __str__(self) -> str:
        return f"replay of {self.site or 'every site'} {self.since}-{self.until}"

    def hold(self, now: int, until: int) -> bool:
        """Takes it for a while, unless another holds it or it has ended (ms)."""
        free = Replay.objects.filter(pk=self.pk, ended_at__isnull=True, held_until__lte=now)
        return bool(free.update(held_until=until))

    def release(self, problem: str = "") -> None:
        """Lets others have it, and notes why it could not go on."""
        Replay.objects.filter(pk=self.pk).update(held_until=0, problem=problem[:300])
