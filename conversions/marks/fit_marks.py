"""Fit marks: takes and closes the marks on months whose fits must be made again. Only the fitter that took a mark last
can close it.

Two fitters (workers that make fits) may make the same fits at the same time, and each may be killed at any point. The
mark's field `told` has a fingerprint of fits: those for which the next month's buckets were marked. These rules keep
the next month's figures right:

1. A fitter that takes a mark draws a token, becomes the mark's writer, and then reads `told`.
2. Before a fitter writes fits that differ from `told`, it empties `told`. If another fitter has become the writer, the
   fitter writes nothing.
3. A fitter writes the fits under its token, then marks the next month's buckets, and then sets `told`. Only the writer
   can set `told`.

Therefore, if `told` is not empty, the stored fits are those of `told`, and every bucket of the next month was marked
after they were written. If a second fitter takes the mark after the first one emptied `told`, the first one has the
smaller token. The second fitter finds `told` empty, replaces the fits of the first one, and then marks the buckets.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from conversions.marks.marks import ONWARD, WHOLE_SITE, FitMark, Mark, draw_token
from conversions.units.clock import LONGEST_HOLD_MS

#: A time in the far future. If `now` is this time, `take_fits` takes a mark even if another fitter holds it.
WHENEVER = 1 << 62


def open_fits(site: str | None = None) -> list[FitMark]:
    """List the months whose fits must be made again, the oldest first."""
    marks = FitMark.objects.filter(marked=True).order_by("month", "site")
    return list(marks.filter(site=site) if site else marks)


def take_fits(mark: FitMark, now: int, until: int) -> FitMark | None:
    """Take the mark on a month's fits for this fitter, and hold the mark until `until` (ms). Until then, other fitters
    don't take it. Returns None if the mark is closed, or if another fitter holds it at `now` (ms)."""
    held = Q(held_until__gt=now, held_until__lte=now + LONGEST_HOLD_MS)
    free = FitMark.objects.filter(~held, pk=mark.pk, marked=True)
    with transaction.atomic():
        # The update locks the row until the transaction ends. The next read returns what was taken.
        taken = free.update(writer=draw_token(), held_until=until)
        return FitMark.objects.get(pk=mark.pk) if taken else None


def clear_told(mark: FitMark) -> bool:
    """Empty the mark's field `told` before fits with another fingerprint are written. Returns False if another fitter
    has taken the mark. In this case, nothing may be written."""
    return bool(_taken(mark).update(told=""))


def close_fits(mark: FitMark, told: str, held_until: int) -> bool:
    """Note that the next month's buckets are marked for the fits with the fingerprint `told`. Then close the mark,
    unless the month was marked again since `mark` was read. Returns whether the mark was closed.

    `held_until`: if the month is marked again, beat doesn't make the fits before this time (ms). If another fitter has
    taken the mark, nothing changes.
    """
    with transaction.atomic():
        _taken(mark).update(told=told, held_until=held_until)
        return bool(_taken(mark).filter(token=mark.token).update(marked=False))


def hold_fits(mark: FitMark, until: int) -> bool:
    """Hold the mark on a month's fits until `until` (ms), or release it if `until` is 0. Returns False if another
    fitter has taken the mark."""
    return bool(_taken(mark).update(held_until=until))


def is_rolling(site: str, since: int, until: int, token: int) -> bool:
    """Whether a bucket that starts in the interval (ms, `since` <= start < `until`) still waits to be rolled up because
    of a mark with this token or a greater one. The mark may be on the bucket or on the whole site."""
    fresh = Mark.objects.filter(site=site, marked=True, token__gte=token)
    whole = Q(bucket=WHOLE_SITE) | Q(part=ONWARD, bucket__lt=until)
    return fresh.filter(whole | Q(bucket__gte=since, bucket__lt=until)).exists()


def _taken(mark: FitMark) -> QuerySet[FitMark]:
    return FitMark.objects.filter(pk=mark.pk, writer=mark.writer)
