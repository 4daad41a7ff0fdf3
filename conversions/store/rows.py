"""Rows: the tables of the SQL store, as Django models."""

from collections.abc import Iterable

from django.db import models

from conversions.facts.rejected import RejectedHit
from conversions.units.clock import DAY_MS


class FactRow(models.Model):
    """A stored copy of a fact. The table has three indexes: by visitor and time, by bucket, and by dedupe key
    (claim)."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    hit = models.CharField(max_length=64)
    digest = models.CharField(max_length=16)
    visitor = models.CharField(max_length=64, blank=True)
    claim = models.CharField(max_length=210, blank=True)
    bucket = models.BigIntegerField(null=True)
    slot = models.SmallIntegerField(default=0, db_default=0)
    at = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "kind", "hit", "digest"], name="fact_key")]
        indexes = [
            models.Index(fields=["site", "visitor", "kind", "at"], name="fact_timeline"),
            models.Index(
                fields=["site", "bucket", "slot"], name="fact_ledger", condition=models.Q(bucket__isnull=False)
            ),
            models.Index(fields=["site", "claim"], name="fact_claims", condition=~models.Q(claim="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.hit}"


class CarriedRow(models.Model):
    """A row by which a fact is found by a click id. A touch has a row for each of its click ids. A conversion has a row
    for the click id that it names."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    click = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    at = models.BigIntegerField()
    hit = models.CharField(max_length=64)
    digest = models.CharField(max_length=16)
    body = models.BinaryField()

    class Meta:
        app_label = "conversions"
        constraints = [
            models.UniqueConstraint(fields=["site", "click", "kind", "at", "hit", "digest"], name="carried_key")
        ]

    def __str__(self) -> str:
        return f"{self.click} {self.kind} {self.hit}"


class LinkedRow(models.Model):
    """One member of a linked set, such as a visitor in the set of a user."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    key = models.CharField(max_length=210)
    other = models.CharField(max_length=210, blank=True)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "key", "other"], name="linked_key")]

    def __str__(self) -> str:
        return f"{self.key} {self.other}"


class CellRow(models.Model):
    """A cell (stored figures), with the token under which it was written. The write with the greatest token wins."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    model = models.CharField(max_length=20)
    page = models.CharField(max_length=24)
    start = models.BigIntegerField()
    key = models.CharField(max_length=12, blank=True)
    token = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "model", "page", "start", "key"], name="cell_place")]

    def __str__(self) -> str:
        return f"{self.model} {self.page} {self.start} {self.key}"


class CountRow(models.Model):
    """A live counter: an approximate number that grows with each hit."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    bucket = models.BigIntegerField()
    goal = models.CharField(max_length=12, blank=True)
    ad = models.CharField(max_length=200, blank=True)
    metric = models.CharField(max_length=12)
    amount = models.BigIntegerField(default=0)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "bucket", "goal", "ad", "metric"], name="count_key")]

    def __str__(self) -> str:
        return f"{self.metric} {self.amount}"


class SetAsideRow(models.Model):
    """A rejected hit. The table still has an earlier name: "set aside"."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    at = models.BigIntegerField()
    hit = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    batch = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "hit", "code", "field"], name="set_aside_key")]
        indexes = [models.Index(fields=["site", "at"], name="set_aside_time")]

    def __str__(self) -> str:
        return f"{self.hit}: {self.code}"


class SetAsideCountRow(models.Model):
    """How many hits of a UTC day were rejected for one reason. The number is approximate."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    day = models.BigIntegerField()
    code = models.CharField(max_length=40)
    amount = models.BigIntegerField(default=0)

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "day", "code"], name="set_aside_count_key")]

    def __str__(self) -> str:
        return f"{self.code} {self.amount}"


def by_day(hits: Iterable[RejectedHit]) -> dict[tuple[str, int], list[RejectedHit]]:
    """Group rejected hits by site and UTC day. Returns (site, start of the day in ms) -> hits."""
    days: dict[tuple[str, int], list[RejectedHit]] = {}
    for hit in hits:
        days.setdefault((hit.site, hit.at - hit.at % DAY_MS), []).append(hit)
    return days
