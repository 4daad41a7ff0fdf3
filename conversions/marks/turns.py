"""Turns: decides which marks a worker rolls up next, and holds them. Several workers then share the parts of an hour.
Also decides which marks of sites are replaced by marks of parts.

A hold only saves work. If two workers make the same cells under one token, this does no harm.
"""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from conversions.marks.marks import ONWARD, SUM, WHOLE_SITE, Mark, draw_token
from conversions.units.clock import HOUR_MS, LONGEST_HOLD_MS

#: The longest time (ms) that a part of an open hour rests after its rollup.
LONGEST_REST_MS = 5 * 60 * 1000
#: The longest time (ms) for which a site's onward marks rest after they were replaced by marks of parts.
LONGEST_ONWARD_REST_MS = HOUR_MS
#: A tick reads at most this many marks whose last try is longest ago, and this many of the newest. No tick can roll up
#: more, and all marks of a large site would fill the memory.
LOOKED_AT = 10_000


def due_marks(now: int, sums: bool, site: str | None = None) -> list[Mark]:
    """The marks that neither rest nor are held at `now` (ms), in no particular order: those on sums if `sums` is true,
    otherwise those on parts."""
    rests = Q(rests_until__gt=now, rests_until__lte=now + LONGEST_REST_MS, bucket__gt=now - HOUR_MS)
    marks = Mark.objects.filter(~rests, ~_held(now), marked=True, bucket__gt=WHOLE_SITE)
    marks = marks.filter(part=SUM) if sums else marks.filter(part__gt=SUM)
    marks = marks.filter(site=site) if site else marks
    longest, newest = marks.order_by("tried")[:LOOKED_AT], marks.order_by("-bucket", "tried")[:LOOKED_AT]
    return list({mark.pk: mark for mark in (*longest, *newest)}.values())


def due_site_marks(now: int | None, site: str | None = None) -> list[Mark]:
    """The open marks of whole sites, and the open onward marks of sites that don't rest at `now` (ms). None: no site
    rests.

    A site rests if any of its onward marks does, open or closed.
    """
    marks = Mark.objects.filter(Q(bucket=WHOLE_SITE) | Q(part=ONWARD), marked=True).order_by("site", "bucket")
    if now is not None:
        rests = Q(rests_until__gt=now, rests_until__lte=now + LONGEST_ONWARD_REST_MS)
        marks = marks.exclude(Q(part=ONWARD) & Exists(Mark.objects.filter(rests, site=OuterRef("site"), part=ONWARD)))
    return list(marks.filter(site=site) if site else marks)


def take_marks(marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
    """Note that a rollup of marks begins, and hold them until an instant (ms). Return the marks that are now held.

    The other marks are held by another worker, or were closed or marked again since they were noted.
    """
    if not marks:
        return []
    as_noted = reduce(or_, (Q(pk=mark.pk, token=mark.token) for mark in marks))
    with transaction.atomic():
        token = draw_token()
        Mark.objects.filter(as_noted, ~_held(now), marked=True).update(tried=token, held_until=until)
        mine = set(Mark.objects.filter(pk__in=[mark.pk for mark in marks], tried=token).values_list("pk", flat=True))
    return [mark for mark in marks if mark.pk in mine]


def release_marks(marks: Collection[Mark]) -> None:
    """End the hold of marks."""
    Mark.objects.filter(pk__in=[mark.pk for mark in marks]).update(held_until=0)


def _held(now: int) -> Q:
    return Q(held_until__gt=now, held_until__lte=now + LONGEST_HOLD_MS)
