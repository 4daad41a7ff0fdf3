"""Turns: decides which marks a worker rolls up next. Workers share the marks among them.

A worker holds the marks that it takes: other workers don't take them for a while. Holds only save work. If two workers
make the same cells under one token, this does no harm.
"""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from conversions.marks.marks import ONWARD, SUM, WHOLE_SITE, Mark, draw_token
from conversions.units.clock import HOUR_MS, LONGEST_HOLD_MS

#: While an hour isn't over, its parts are not rolled up again for at most this long (ms).
LONGEST_REST_MS = 5 * 60 * 1000
#: After the onward marks of a site were replaced by marks of parts, its new onward marks are not replaced for at most
#: this long (ms).
LONGEST_ONWARD_REST_MS = HOUR_MS
#: A call of `due_marks` reads at most this many of the marks that have waited longest, and this many of the newest. A
#: worker can't roll up more in a minute, and all marks of a large site would fill the memory.
LOOKED_AT = 10_000


def due_marks(now: int, sums: bool, site: str | None = None) -> list[Mark]:
    """Return the marks that a worker may roll up at `now` (ms), in no particular order.

    Two kinds are left out: marks that another worker holds, and marks that rest. A mark rests after a rollup while its
    hour isn't over. `sums`: True for the marks on sums of parts, False for the marks on parts.
    """
    rests = Q(rests_until__gt=now, rests_until__lte=now + LONGEST_REST_MS, bucket__gt=now - HOUR_MS)
    marks = Mark.objects.filter(~rests, ~_held(now), marked=True, bucket__gt=WHOLE_SITE)
    marks = marks.filter(part=SUM) if sums else marks.filter(part__gt=SUM)
    marks = marks.filter(site=site) if site else marks
    longest, newest = marks.order_by("tried")[:LOOKED_AT], marks.order_by("-bucket", "tried")[:LOOKED_AT]
    return list({mark.pk: mark for mark in (*longest, *newest)}.values())


def due_site_marks(now: int | None, site: str | None = None) -> list[Mark]:
    """Return the open marks that a worker may replace by marks of parts at `now` (ms): marks on whole sites, and onward
    marks.

    After some onward marks of a site were replaced, its onward marks rest for a while. Resting marks are left out,
    unless `now` is None.
    """
    marks = Mark.objects.filter(Q(bucket=WHOLE_SITE) | Q(part=ONWARD), marked=True).order_by("site", "bucket")
    if now is not None:
        rests = Q(rests_until__gt=now, rests_until__lte=now + LONGEST_ONWARD_REST_MS)
        marks = marks.exclude(Q(part=ONWARD) & Exists(Mark.objects.filter(rests, site=OuterRef("site"), part=ONWARD)))
    return list(marks.filter(site=site) if site else marks)


def take_marks(marks: Sequence[Mark], now: int, until: int) -> list[Mark]:
    """Take marks for this worker before it rolls them up, and hold them until `until` (ms). Returns the marks that were
    taken.

    A mark is not taken if another worker holds it at `now` (ms), or if it was closed or set again after it was read.
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
    """End the hold on these marks. Other workers may take them."""
    Mark.objects.filter(pk__in=[mark.pk for mark in marks]).update(held_until=0)


def _held(now: int) -> Q:
    return Q(held_until__gt=now, held_until__lte=now + LONGEST_HOLD_MS)
