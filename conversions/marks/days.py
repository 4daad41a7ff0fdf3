"""Days: the list of stale days, and the tokens of hours' marks, which tell whether a day's cell is outdated.

A day's cell is a cache, and a day is never marked. The cell holds the token under which it was made. A report uses the
cell only if this token is greater than the tokens of all marks of the day's hours, open or closed. A closed mark's row
keeps its last token. Tokens become visible in their order, because they are drawn under a lock. Correctness doesn't
depend on the list: the list only says which cells are worth making.
"""

from collections.abc import Collection, Iterable

import msgspec
from django.db import models, transaction
from django.db.models import Max

from conversions.marks.marks import OF_HOURS, Mark, draw_token


class StaleDay(models.Model):
    """A site-local day whose cells should be made again, with its end (ms), and the token under which it was last put
    on the list."""

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
    """Put days on the list: their cells should be made again."""
    if not days:
        return
    with transaction.atomic():
        token = draw_token()
        rows = [StaleDay(site=one.site, day=one.day, ends_at=one.ends_at, token=token) for one in sorted(set(days))]
        StaleDay.objects.bulk_create(
            rows, 500, update_conflicts=True, unique_fields=["site", "day"], update_fields=["token", "ends_at"]
        )


def stale_days(now: int, limit: int, site: str | None = None) -> list[StaleDay]:
    """The listed days that are over at `now` (ms), the latest first."""
    days = StaleDay.objects.filter(ends_at__lte=now).order_by("-ends_at", "site")
    return list((days.filter(site=site) if site else days)[:limit])


def forget_day(day: StaleDay) -> None:
    """Remove a day from the list, unless it was put there again since it was read."""
    StaleDay.objects.filter(pk=day.pk, token=day.token).delete()


def draw_day_token() -> int:
    """Draw a token and commit it. The next read sees every mark with a smaller token."""
    with transaction.atomic():
        return draw_token()


def has_open_marks(site: str, since: int, until: int) -> bool:
    """Whether any bucket of an interval (ms) has an open mark on its hour's cells."""
    marks = Mark.objects.filter(site=site, part__in=OF_HOURS, bucket__gte=since, bucket__lt=until)
    return marks.filter(marked=True).exists()


def read_tokens(site: str, since: int, until: int) -> Iterable[tuple[int, int]]:
    """Each bucket of an interval (ms), with the greatest token of the marks on its hour's cells, open or closed."""
    marks = Mark.objects.filter(site=site, part__in=OF_HOURS, bucket__gte=since, bucket__lt=until)
    return marks.values_list("bucket").annotate(token=Max("token")).values_list("bucket", "token")
