"""Goals: the tables of goals and their versions. If a goal's rules change, the goal gets a new version. Earlier hits
keep the version that was in force."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction

from conversions.models.change import FiguresDependOnIt, note_change, slug
from conversions.rules.conditions import MAX_CONDITIONS, MAX_LINE, check_conditions
from conversions.rules.goals import LONGEST_WINDOW
from conversions.rules.page_path import check_path
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms
from tracker.collection.refusal import Refusal
from tracker.models import Site

LONGEST_WINDOW_DAYS = LONGEST_WINDOW // DAY_MS
#: A hit's `at` may be at most this much (ms) later than its receipt.
AHEAD_MS = 10 * 60 * 1000


def new_goal_uid() -> str:
    """Make a random id for a new goal. Facts refer to the goal by this id, and it never changes."""
    return secrets.token_hex(6)


def validate_conditions(text: str) -> None:
    """Raise ValidationError if a text is no list of conditions."""
    try:
        check_conditions(text)
    except Refusal as error:
        raise ValidationError(error.detail) from error


class GoalRules(models.Model):
    """The rules of a goal's version. Fields have the same names as in `conversions.rules.goals.GoalVersion`."""

    class Counting(models.TextChoices):
        """How many conversions count: every one, one per person, or one per click."""

        EVERY = "every", "every conversion"
        ONCE = "once", "one per person"
        CLICK = "click", "one per click"

    class Match(models.TextChoices):
        """Whether a hit must meet all conditions, or only one of them."""

        ALL = "all", "all of them"
        ANY = "any", "any of them"

    path = models.CharField(
        max_length=500,
        blank=True,
        help_text="The path of a page, such as /thanks. * is any text, as in /welcome*. Empty: no page meets"
        " this rule.",
    )
    event = models.CharField(
        max_length=200, blank=True, help_text="The name of a hit, such as signup. Empty: no name meets this rule."
    )
    conditions = models.TextField(
        max_length=MAX_CONDITIONS * (MAX_LINE + 2),
        blank=True,
        validators=[validate_conditions],
        help_text=(
            "One on each line, such as: path is /thanks; path like /orders/*; path matches"
            " ^/(en|de)/thanks; event is purchase; prop plan is pro; value >= 100; value between 10"
            " and 20."
        ),
    )
    match = models.CharField(
        max_length=3,
        choices=Match.choices,
        default=Match.ALL,
        help_text=(
            "Whether a hit must meet all rules or any one. Each condition is a rule. Path and event"
            " together are one rule: a hit must meet only one of them."
        ),
    )
    fixed_value = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="The value of each conversion. Empty: the value of the hit.",
    )
    factor = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=(
            "The value of the hit and of its adjustments is multiplied by this, such as 0.2 for a"
            " margin. Empty: no factor."
        ),
    )
    counting = models.CharField(max_length=10, choices=Counting.choices, default=Counting.EVERY)
    click_window_days = models.PositiveIntegerField(default=30, validators=[MaxValueValidator(LONGEST_WINDOW_DAYS)])
    view_window_days = models.PositiveIntegerField(default=1, validators=[MaxValueValidator(LONGEST_WINDOW_DAYS)])
    open_values = models.BooleanField(
        default=True,
        help_text=(
            "On: conversions with a value count, whoever sends them. Off: a conversion with a value"
            " counts only if a server sends it, or a copy of it, with an ingest token."
        ),
    )
    active = models.BooleanField(default=True, help_text="Off: no hit meets the goal any more.")

    class Meta:
        abstract = True

    def rules(self) -> dict[str, Any]:
        """Return the rules as field -> value."""
        return {field.name: getattr(self, field.name) for field in GoalRules._meta.fields}


class Goal(GoalRules, FiguresDependOnIt):
    """What counts as a conversion. If the rules of a saved goal change, the goal gets a new version, which takes effect
    at `effect_time()`.

    On a site without hits, the new version takes effect from the beginning.
    """

    FIXED = {
        "site_id": "Make another goal on that site.",
        # Hits name goals by their keys, and stored conversions stay. A goal with another key is another goal.
        "key": "Change its name, or make another goal and switch this one off.",
    }

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="goals")
    uid = models.CharField(max_length=12, unique=True, default=new_goal_uid, editable=False)
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="goal_key")]
        permissions = [("backdate_goal", "Can make goals retroactive"), ("preview_goal", "Can preview goals")]

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Return the goal's site."""
        return self.site

    def clean(self) -> None:
        """Refuse a bad path, bad conditions, and a goal with both a fixed value and a factor."""
        super().clean()
        self.conditions = "\n".join(line for raw in self.conditions.splitlines() if (line := raw.strip()))
        self.path = self.path.strip()
        try:
            if self.path:
                check_path(self.path, glob=True)
        except Refusal as refusal:
            raise ValidationError({"path": refusal.detail}) from refusal
        try:
            validate_conditions(self.conditions)
        except ValidationError as error:
            raise ValidationError({"conditions": error.messages}) from error
        if self.fixed_value is not None and self.factor is not None:
            raise ValidationError({"factor": "Give a fixed value or a factor, not both."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the goal, make a new version if the rules changed, and mark the site to be rolled up again."""
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
        """Let the newest version take effect at an earlier instant (ms). Until the archive is replayed, the version's
        conversions since this instant are missing."""
        with transaction.atomic():
            newest = self.versions.order_by("-version").first()
            if newest and newest.starts_at > since:
                GoalVersion.objects.filter(pk=newest.pk).update(starts_at=since)
            note_change(self.site)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse to delete the goal, because conversions refer to it. A goal can be switched off instead."""
        raise ValidationError(
            "A goal can't be deleted, because its conversions refer to it. Switch it off (active) instead."
        )


class GoalVersion(GoalRules):
    """A version of a goal's rules. Only `starts_at` (ms) may change, and only to an earlier time."""

    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    starts_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["goal", "version"], name="goal_version")]

    def __str__(self) -> str:
        return f"{self.goal} v{self.version}"


def effect_time() -> int:
    """Return when a version that is saved now takes effect (ms).

    At that time, every cache has the version. A hit that was accepted before the version was saved has an `at` before
    that time.
    """
    return now_ms() + AHEAD_MS + 2 * 1000 * settings.CONFIG_CACHE_SECONDS
