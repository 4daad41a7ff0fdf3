"""Marks: which buckets must be rolled up again, with their tokens, in the configuration database.

A token is drawn after the facts are written. Tokens give rollups their order. A mark is removed only if its token is
still the noted one. A bucket's row stays when its mark is removed: the rows list all buckets of a site. Months are
marked in the same way; see `conversions.marks.fit_marks`.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection, models, transaction
from django.db.models import Min, Q

from conversions.units.clock import HOUR_MS

#: The bucket of a mark that means all buckets of a site.
WHOLE_SITE = -1
CLOCK_US = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
GREATEST = {"sqlite": "MAX", "postgresql": "GREATEST"}


class Sequence(models.Model):
    """The one row from which tokens are drawn."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)

    class Meta:
        app_label = "conversions"

    def __str__(self) -> str:
        return str(self.last)


class Mark(models.Model):
    """A bucket of a site, the greatest token drawn for it, and whether it must be rolled up again.

    `tried`: the token that was drawn when its last rollup began. The next tick tries other buckets first.
    `rests_until`: while the bucket's hour is open, beat doesn't roll the bucket up before this time (ms).
    """

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    bucket = models.BigIntegerField()
    token = models.BigIntegerField()
    marked = models.BooleanField(default=True)
    tried = models.BigIntegerField(default=0, db_default=0)
    rests_until = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "bucket"], name="mark_key")]
        indexes = [models.Index(fields=["site", "bucket"], name="mark_open", condition=Q(marked=True))]

    def __str__(self) -> str:
        return f"{self.site} {self.bucket}"


class FitMark(models.Model):
    """The fits of a site's month (`YYYY-MM`), the greatest token drawn for them, and whether they must be made again.

    `writer`: the token of the fitter that took the mark last. `told`: the fingerprint of the fits for which the next
    month's buckets were marked; empty while the stored fits may differ from it. `held_until`: beat doesn't make the
    fits before this time (ms).
    """

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    month = models.CharField(max_length=7)
    token = models.BigIntegerField()
    marked = models.BooleanField(default=True)
    writer = models.BigIntegerField(default=0)
    told = models.CharField(max_length=64, blank=True)
    held_until = models.BigIntegerField(default=0)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "month"], name="fit_mark_key")]
        indexes = [models.Index(fields=["site", "month"], name="fit_mark_open", condition=Q(marked=True))]

    def __str__(self) -> str:
        return f"{self.site} {self.month}"


class SiteCurrency(models.Model):
    """A currency, other than the site's own, of a site's amounts. `adjusts`: whether it was in an adjustment."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    adjusts = models.BooleanField()

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "currency", "adjusts"], name="site_currency_key")]

    def __str__(self) -> str:
        return f"{self.site} {self.currency}"


def note_currencies(site: str, found: Iterable[tuple[str, bool]]) -> None:
    """Note (currency, adjusts) of a site's amounts. A load of rates marks the sites noted here. Call it before the
    facts are written."""
    new = set(found)
    if new:
        new -= set(SiteCurrency.objects.filter(site=site).values_list("currency", "adjusts"))
    rows = [SiteCurrency(site=site, currency=currency, adjusts=adjusts) for currency, adjusts in sorted(new)]
    if rows:
        SiteCurrency.objects.bulk_create(rows, ignore_conflicts=True)


def draw_token() -> int:
    """Draw the next token: max(last + 1, the database's clock in microseconds). After a restore of the database, tokens
    still grow.

    The row stays locked until the caller's transaction ends. Tokens therefore become visible in their order.
    """
    vendor = connection.vendor
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO conversions_sequence (id, last) VALUES (1, {CLOCK_US[vendor]}) ON CONFLICT (id) DO UPDATE"  # noqa: S608
            f" SET last = {GREATEST[vendor]}(conversions_sequence.last + 1, {CLOCK_US[vendor]}) RETURNING last"
        )
        token: int = cursor.fetchone()[0]
    return token


def mark_buckets(site: str, buckets: Iterable[int]) -> None:
    """Mark buckets of one site; see `mark_all`."""
    mark_all({site: buckets})


def mark_all(buckets: Mapping[str, Iterable[int]]) -> None:
    """Mark the buckets of each site under one new token, which is greater than their earlier ones. Call it after the
    facts are written."""
    wanted = sorted({(site, bucket) for site, found in buckets.items() for bucket in found})
    if not wanted:
        return
    with transaction.atomic():
        token = draw_token()
        rows = [Mark(site=site, bucket=bucket, token=token) for site, bucket in wanted]
        Mark.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["site", "bucket"], update_fields=["token", "marked"]
        )


def mark_site(site: str) -> None:
    """Mark the whole site. Call it in the transaction that changes its configuration."""
    mark_buckets(site, [WHOLE_SITE])


def open_marks(site: str | None = None) -> list[Mark]:
    """List the marks to roll up: those of whole sites first, then the oldest buckets."""
    marks = Mark.objects.filter(marked=True).order_by("bucket", "site")
    return list(marks.filter(site=site) if site else marks)


def first_mark(site: str) -> int | None:
    """The oldest marked bucket of a site; WHOLE_SITE if all are marked, None if none is."""
    found: int | None = Mark.objects.filter(site=site, marked=True).aggregate(first=Min("bucket"))["first"]
    return found


def first_bucket(site: str) -> int | None:
    """The oldest bucket of a site that was ever marked."""
    buckets = Mark.objects.filter(site=site, bucket__gt=WHOLE_SITE)
    found: int | None = buckets.aggregate(first=Min("bucket"))["first"]
    return found


def changed_at(sites: Iterable[str]) -> int:
    """When the configuration of one of these sites was last changed (ms); 0 if never. Tokens are microseconds."""
    tokens = Mark.objects.filter(bucket=WHOLE_SITE, site__in=list(sites)).values_list("token", flat=True)
    return max(tokens, default=0) // 1000


def known_buckets(site: str) -> list[int]:
    """List every bucket of a site that was ever marked."""
    rows = Mark.objects.filter(site=site).exclude(bucket=WHOLE_SITE).order_by("bucket")
    return list(rows.values_list("bucket", flat=True))


def known_since(site: str, since: int) -> list[int]:
    """List the buckets of a site that were ever marked and may hold an instant (ms) or a later one."""
    return [bucket for bucket in known_buckets(site) if bucket > since - HOUR_MS]


def note_tries(marks: Collection[Mark]) -> None:
    """Note that a rollup of buckets begins. Call it before the rollup: a bucket that kills its worker must also be put
    behind the others."""
    with transaction.atomic():
        Mark.objects.filter(pk__in=[mark.pk for mark in marks]).update(tried=draw_token())


def close_marks(marks: Mapping[Mark, int]) -> list[Mark]:
    """Remove the marks whose token is still the noted one, and set until when each rests (ms); return the removed
    ones."""
    with transaction.atomic():
        return [mark for mark, rest in marks.items() if close_mark(mark, rest)]


def close_mark(mark: Mark, rests_until: int = 0) -> bool:
    """Remove a mark if its token is still the noted one; return whether it was removed. In any case set until when it
    rests (ms)."""
    if rests_until:
        Mark.objects.filter(pk=mark.pk).update(rests_until=rests_until)
    return bool(Mark.objects.filter(pk=mark.pk, token=mark.token).update(marked=False))


def mark_fits(months: Collection[tuple[str, str]]) -> None:
    """Mark the fits of (site, month) under a new token. Call it after buckets of the month are rolled up, and before
    their marks are closed."""
    if not months:
        return
    with transaction.atomic():
        token = draw_token()
        FitMark.objects.bulk_create(
            [FitMark(site=site, month=month, token=token) for site, month in sorted(set(months))],
            update_conflicts=True,
            unique_fields=["site", "month"],
            update_fields=["token", "marked"],
        )
