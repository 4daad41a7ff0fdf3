"""Days: keeps the list of stale days, whose stored figures should be made again. It also reads the tokens by which a
report recognizes outdated figures of a day.

The figures (cells) of a day are only a cache. A cell has the token under which it was made. A report uses the cell only
if this token is greater than the tokens of all marks on the day's hours. Closed marks also count, because a closed mark
keeps its last token. Tokens become visible in order, because they are drawn under a lock. Therefore reports are right
even if days are missing on the list.
"""

from collections.abc import Collection, Iterable

import msgspec
from django.db import models, transaction
from django.db.models import Max

from conversions.marks.marks import OF_HOURS, Mark, draw_token


class StaleDay(models.Model):
    """A row of the list of stale days: a site-local day whose stored figures should be made again. `ends_at`: the end
    of the day, ms. `token`: the token that was drawn when the day was last put on the list."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    day = models.CharField(max_length=10)
    token = models.BigIntegerField()
    ends_at = models.BigIntegerField()

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="stale_day_key")]
        indexes = [models.Index(fields=["ends_at"], name="stale_day_end")]

    def __str__(self) -> str:
        return f"{self.site} {self.day}"


class DayEnd(msgspec.Struct, frozen=True, order=True):
    """A site-local day and the instant (ms) at which it ends."""

    site: str
    day: str
    ends_at: int


def note_days(days: Collection[DayEnd]) -> None:
    """Put days on the list of stale days: their stored figures should be made again."""
    if not days:
        return
    with transaction.atomic():
        token = draw_token()
        rows = [StaleDay(site=one.site, day=one.day, ends_at=one.ends_at, token=token) for one in sorted(set(days))]
        StaleDay.objects.bulk_create(
            rows, 500, update_conflicts=True, unique_fields=["site", "day"], update_fields=["token", "ends_at"]
        )


def stale_days(now: int, limit: int, site: str | None = None) -> list[StaleDay]:
    """Return the days on the list of stale days that ended at or before `now` (ms), the latest first, at most `limit`.
    `site`: only the days of this site."""
    days = StaleDay.objects.filter(ends_at__lte=now).order_by("-ends_at", "site")
    return list((days.filter(site=site) if site else days)[:limit])


def forget_day(day: StaleDay) -> None:
    """Remove a day from the list of stale days. If the day was put on the list again after `day` was read, it stays
    there."""
    StaleDay.objects.filter(pk=day.pk, token=day.token).delete()


def draw_day_token() -> int:
    """Draw a token (a growing number) and commit it. A later read of the marks then sees every mark with a smaller
    token."""
    with transaction.atomic():
        return draw_token()


def has_open_marks(site: str, since: int, until: int) -> bool:
    """Whether an hour that starts in the interval (ms, `since` <= start < `until`) still waits to be rolled up."""
    marks = Mark.objects.filter(site=site, part__in=OF_HOURS, bucket__gte=since, bucket__lt=until)
    return marks.filter(marked=True).exists()


def read_tokens(site: str, since: int, until: int) -> Iterable[tuple[int, int]]:
    """Return the greatest token of the marks on each hour, open or closed, as pairs (bucket, token). The hours are
    those that start in the interval (ms, `since` <= start < `until`)."""
    marks = Mark.objects.filter(site=site, part__in=OF_HOURS, bucket__gte=since, bucket__lt=until)
    return marks.values_list("bucket").annotate(token=Max("token")).values_list("bucket", "token")
