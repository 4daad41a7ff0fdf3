"""Parts: the table that says into how many parts the hours of each site are divided. It is in the configuration
database.

A new number applies from an instant that is at least an hour ahead. No bucket after this instant has facts yet.
Therefore the number never changes for a bucket that has facts.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db import models

from conversions.rules.parts import NUMBERS, Parts
from conversions.units.clock import HOUR_MS

#: A new number applies from at least this far ahead (ms). The time of a hit may be ten minutes ahead, and the clocks of
#: machines differ.
AHEAD_MS = HOUR_MS


class PartStep(models.Model):
    """A row of the table of numbers of parts: from the instant `since` (ms) on, each hour of the site is divided into
    `number` parts."""

    id = models.BigAutoField(primary_key=True)
    site = models.CharField(max_length=64)
    since = models.BigIntegerField()
    number = models.SmallIntegerField()

    class Meta:
        app_label = "conversions"
        constraints = [models.UniqueConstraint(fields=["site", "number"], name="part_step_key")]

    def __str__(self) -> str:
        return f"{self.site} {self.since} {self.number}"


def read_parts(sites: Collection[str]) -> Mapping[str, Parts]:
    """Read how many parts the hours of these sites have. Returns site -> Parts."""
    steps: Mapping[str, list[tuple[int, int]]] = defaultdict(list)
    for site, since, number in PartStep.objects.filter(site__in=sites).values_list("site", "since", "number"):
        steps[site].append((since, number))
    return defaultdict(Parts, {site: Parts(tuple(sorted(found))) for site, found in steps.items()})


def raise_parts(site: str, number: int, now: int) -> Parts:
    """Divide the future hours of a site into more parts. Raises ValueError if the number is not one of NUMBERS, or
    lower than the present number.

    The new number applies from one hour after the next full hour on. `now`: ms. The number can't be lowered, because it
    decides where the facts of an hour are stored.
    """
    if number not in NUMBERS:
        raise ValueError(f"The hours of a site have one of these numbers of parts: {', '.join(map(str, NUMBERS))}.")
    parts = read_parts([site])[site]
    if number < parts.highest:
        raise ValueError(f"The hours of site {site} have {parts.highest} parts. That can be raised and never lowered.")
    if number > parts.highest:
        since = now - now % HOUR_MS + HOUR_MS + AHEAD_MS
        PartStep.objects.bulk_create([PartStep(site=site, since=since, number=number)], ignore_conflicts=True)
    return read_parts([site])[site]
