"""Marks: the tables that note which parts of hours must be rolled up again. They are in the configuration database.

A mark's token is drawn after the facts are written. Tokens order rollups. A rollup notes the token at its start, and
closes the mark only if the token is still the same. The row of a closed mark stays: the rows list all parts of a site
that have facts. Months are marked in the same way; see `conversions.marks.fit_marks`.

A bucket with one part has one mark, on part 0. A bucket with several parts has one more mark, on the SUM, because the
bucket's figures are the sum of the parts' cells. The rollup of a part marks the sum.

Two kinds of marks are replaced by marks of parts before a rollup. A change of the configuration marks a WHOLE SITE. A
batch that may change more than could be read sets an ONWARD mark.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection, models, transaction
from django.db.models import Min, Q

from conversions.marks.parts import read_parts
from conversions.rules.parts import Place
from conversions.units.clock import FOR_EVER, HOUR_MS

#: A mark with this bucket is on all buckets of a site.
WHOLE_SITE = -1
#: A mark with this part is on the sum of a bucket's parts.
SUM = -1
#: A mark with this part is an onward mark: it is on all buckets of the site that start in the mark's own hour or later.
#: This hour is an hour of UTC, and may have no facts.
ONWARD = -2
#: Marks with these parts are on the cells of an hour: SUM if the hour is divided, part 0 if it isn't. A divided hour
#: also has a part 0. Reading the mark of this part as well does no harm.
OF_HOURS = (SUM, 0)
#: A transaction sets at most this many marks.
AT_ONCE = 5_000
CLOCK_US = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
GREATEST = {"sqlite": "MAX", "postgresql": "GREATEST"}


class Sequence(models.Model):
    """The last token that was drawn. The table has only one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)

    class Meta:
        app_label = "conversions"

    def __str__(self) -> str:
        return str(self.last)


class Mark(models.Model):
    """A note that a part of a bucket, or the sum of its parts, must be rolled up again. After the rollup, the row stays
    with `marked` False. `token`: the greatest token that was drawn for the mark.

    `tried`: the token that was drawn when the last rollup of the part began. The marks with the smallest `tried` are
    rolled up first. `rests_until`: while the hour isn't over, beat doesn't roll the part up before this time (ms).
    `held_until`: a worker holds the mark until this time (ms), and other workers don't take it.
    """

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    bucket = models.BigIntegerField()
    part = models.SmallIntegerField(default=0, db_default=0)
    token = models.BigIntegerField()
    marked = models.BooleanField(default=True)
    tried = models.BigIntegerField(default=0, db_default=0)
    rests_until = models.BigIntegerField(default=0, db_default=0)
    held_until = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "part", "bucket"], name="mark_key")]
        indexes = [models.Index(fields=["site", "bucket"], name="mark_open", condition=Q(marked=True))]

    def __str__(self) -> str:
        return f"{self.site} {self.bucket} {self.part}"

    @property
    def is_of_site(self) -> bool:
        """Whether this mark is on a whole site, or is an onward mark (on all hours of a site from a certain hour on).
        These marks are replaced by marks of parts before a rollup."""
        return self.bucket == WHOLE_SITE or self.part == ONWARD


class FitMark(models.Model):
    """A note that the fits of a site's month (`YYYY-MM`) must be made again. After that, the row stays with `marked`
    False. `token`: the greatest token that was drawn for the mark.

    `writer`: the token of the fitter that took the mark last. `told`: the fingerprint of the fits for which the next
    month's buckets were marked; empty while the stored fits may differ. `held_until`: beat doesn't make the fits before
    this time (ms).
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
    """A foreign currency that a site's amounts have used. `adjusts`: True for amounts of adjustments, False for amounts
    of conversions."""

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
    """Note the foreign currencies of a site's amounts, as pairs (currency, adjusts); see SiteCurrency. Call it before
    the facts are written.

    When rates are loaded, only the sites that are noted here are marked.
    """
    new = set(found)
    if new:
        new -= set(SiteCurrency.objects.filter(site=site).values_list("currency", "adjusts"))
    rows = [SiteCurrency(site=site, currency=currency, adjusts=adjusts) for currency, adjusts in sorted(new)]
    if rows:
        SiteCurrency.objects.bulk_create(rows, ignore_conflicts=True)


def draw_token() -> int:
    """Draw the next token, a growing number: the database's clock in microseconds, but at least the last token + 1.

    Because tokens follow the clock, they grow even after the database was restored from a backup. The row of the last
    token stays locked until the caller's transaction ends. Therefore tokens become visible in order.
    """
    vendor = connection.vendor
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO conversions_sequence (id, last) VALUES (1, {CLOCK_US[vendor]}) ON CONFLICT (id) DO UPDATE"  # noqa: S608
            f" SET last = {GREATEST[vendor]}(conversions_sequence.last + 1, {CLOCK_US[vendor]}) RETURNING last"
        )
        token: int = cursor.fetchone()[0]
    return token


def mark_places(places: Mapping[str, Collection[Place]], onward: Collection[tuple[str, int]] = ()) -> None:
    """Mark the parts of hours that contain these places, to be rolled up again. `places`: site -> places (bucket and
    slot). Call it after the facts are written and read.

    `onward`: pairs (site, instant in ms). For each pair, an onward mark is set on the bucket that contains the instant
    and on all later buckets. How many parts an hour has is read here, because the number may have been raised since the
    batch began.
    """
    if not any(places.values()) and not onward:
        return
    with transaction.atomic():
        token = draw_token()
        parts = read_parts(places.keys())
        found = {(site, one[0], parts[site].part_of(one).index) for site, some in places.items() for one in some}
        _upsert(token, found | {(site, onward_bucket(since), ONWARD) for site, since in onward})


def onward_bucket(since: int) -> int:
    """Return the bucket of an onward mark that covers the instant `since` (ms) and everything after it.

    The site's bucket that contains `since` starts less than an hour before it. Its earliest possible start lies in the
    returned bucket, which is a full hour of UTC. Because only full hours are used, a site has at most one onward mark
    an hour.
    """
    earliest = max(since - HOUR_MS + 1, 0)
    return earliest - earliest % HOUR_MS


def mark_buckets(site: str, buckets: Iterable[int]) -> None:
    """Mark all parts of these hours to be rolled up again, under a new token."""
    wanted = set(buckets)
    if wanted:
        with transaction.atomic():
            token = draw_token()
            parts = read_parts([site])[site]
            _upsert(token, {(site, bucket, part.index) for bucket in wanted for part in parts.of(bucket)})


def mark_parts(site: str, parts: Iterable[tuple[int, int]]) -> None:
    """Mark parts of a site's hours, as pairs (bucket, index), to be rolled up again.

    There may be very many parts. Therefore each transaction marks AT_ONCE of them, under a new token.
    """
    wanted = sorted(set(parts))
    for first in range(0, len(wanted), AT_ONCE):
        with transaction.atomic():
            _upsert(draw_token(), {(site, *one) for one in wanted[first : first + AT_ONCE]})


def mark_sums(buckets: Iterable[tuple[str, int]]) -> None:
    """Mark hours that have several parts, as pairs (site, bucket): the figures of their parts must be added up again.

    Call it after parts of the hours are rolled up, and before the marks of these parts are closed.
    """
    wanted = {(site, bucket, SUM) for site, bucket in buckets}
    if wanted:
        with transaction.atomic():
            _upsert(draw_token(), wanted)


def mark_site(site: str) -> None:
    """Mark a whole site to be rolled up again. Call it in the transaction that changes the site's configuration."""
    with transaction.atomic():
        _upsert(draw_token(), {(site, WHOLE_SITE, 0)})


def _upsert(token: int, wanted: Collection[tuple[str, int, int]]) -> None:
    """Set a mark on each (site, bucket, part). `token`: a token that was drawn in this transaction. If a mark exists
    already, this token replaces the token of the mark, which is always smaller."""
    rows = [Mark(site=site, bucket=bucket, part=part, token=token) for site, bucket, part in sorted(wanted)]
    Mark.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["site", "part", "bucket"], update_fields=["token", "marked"]
    )


def open_marks(site: str | None = None) -> list[Mark]:
    """List the open marks, of one site or of all: first the marks on whole sites, then those on the oldest buckets."""
    marks = Mark.objects.filter(marked=True).order_by("bucket", "site", "part")
    return list(marks.filter(site=site) if site else marks)


def first_mark(site: str) -> int | None:
    """Return the oldest bucket of a site that waits to be rolled up. WHOLE_SITE if the whole site waits; None if
    nothing waits.

    An onward mark counts with the first bucket that it marks.
    """
    found: int | None = Mark.objects.filter(site=site, marked=True).aggregate(first=Min("bucket"))["first"]
    return found


def first_bucket(site: str) -> int | None:
    """Return the oldest bucket of a site that ever had a mark. None if no bucket had one."""
    buckets = Mark.objects.filter(site=site, part__gte=SUM, bucket__gt=WHOLE_SITE)
    found: int | None = buckets.aggregate(first=Min("bucket"))["first"]
    return found


def changed_at(sites: Iterable[str]) -> int:
    """Return when the configuration of one of these sites was last changed, in ms; 0 if never. The time comes from the
    tokens of the marks on whole sites: a token is a time in microseconds."""
    tokens = Mark.objects.filter(bucket=WHOLE_SITE, site__in=list(sites)).values_list("token", flat=True)
    return max(tokens, default=0) // 1000


def known_parts(site: str, since: int = 0, until: int = FOR_EVER) -> list[tuple[int, int]]:
    """List every part that ever had a mark, as (bucket, index), of the buckets that start in an interval (ms, `since`
    <= start < `until`). These are all parts with facts."""
    rows = Mark.objects.filter(site=site, part__gt=SUM, bucket__gte=max(since, 0), bucket__lt=until)
    return list(rows.order_by("bucket", "part").values_list("bucket", "part"))


def known_buckets(site: str) -> list[int]:
    """List every bucket of a site that ever had a mark. These are all buckets with facts."""
    return list(dict.fromkeys(bucket for bucket, _ in known_parts(site)))


def note_tries(marks: Collection[Mark]) -> None:
    """Note that a rollup of these marks begins. Call it before the rollup: if the rollup kills the worker, the next
    worker begins with other marks."""
    with transaction.atomic():
        Mark.objects.filter(pk__in=[mark.pk for mark in marks]).update(tried=draw_token())


def close_marks(marks: Mapping[Mark, int]) -> list[Mark]:
    """Close marks after their rollup, and return the marks that were closed. A mark that was set again after it was
    read stays open.

    `marks`: mark -> until when it rests (ms). While its hour isn't over, beat doesn't roll up a resting mark.
    """
    with transaction.atomic():
        return [mark for mark, rest in marks.items() if close_mark(mark, rest)]


def close_mark(mark: Mark, rests_until: int = 0) -> bool:
    """Close a mark after its rollup, unless it was set again after it was read. Returns whether the mark was closed.

    `rests_until` (ms): if the mark's hour isn't over, beat rolls the mark up again only after this time. `rests_until`
    is stored even if the mark stays open.
    """
    if rests_until:
        Mark.objects.filter(pk=mark.pk).update(rests_until=rests_until)
    return bool(Mark.objects.filter(pk=mark.pk, token=mark.token).update(marked=False))


def mark_fits(months: Collection[tuple[str, str]]) -> None:
    """Mark months, as pairs (site, month): what the models learnt from them must be computed again.

    Call it after buckets of the month are rolled up, and before the marks of these buckets are closed.
    """
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
