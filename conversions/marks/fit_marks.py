"""Fit marks: the marks on months' fits. A fitter takes a mark, and only the fitter that took it last closes it.

Two fitters may make the same fits at once, and each may die at any point. `told` is the fingerprint of the fits for
which the next month's buckets were marked. These rules keep the next month's figures right:

1. A fitter that takes a mark draws a token, becomes the mark's writer, and then reads `told`.
2. Before it writes fits that differ from `told`, it empties `told`. A fitter that isn't the writer any more writes
   nothing.
3. It writes the fits under its token, then marks the next month's buckets, and then sets `told`. Only the writer may
   set it.

Therefore, while `told` is not empty, the stored fits are those of `told`, and every bucket of the next month was marked
after these fits were written. If a fitter is overtaken after it emptied `told`, its token is smaller than that of the
next fitter. The next fitter finds `told` empty, writes its own fits over the older ones, and then marks the buckets.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from conversions.marks.marks import ONWARD, WHOLE_SITE, FitMark, Mark, draw_token
from conversions.units.clock import LONGEST_HOLD_MS

#: An instant that no clock reaches. With it as `now`, `take_fits` takes a mark even if another fitter holds it.
WHENEVER = 1 << 62


def open_fits(site: str | None = None) -> list[FitMark]:
    """List the months whose fits must be made again, the oldest first."""
    marks = FitMark.objects.filter(marked=True).order_by("month", "site")
    return list(marks.filter(site=site) if site else marks)


def take_fits(mark: FitMark, now: int, until: int) -> FitMark | None:
    """Take a mark until an instant (ms). None if it is closed, or if another fitter holds it at `now` (ms)."""
    held = Q(held_until__gt=now, held_until__lte=now + LONGEST_HOLD_MS)
    free = FitMark.objects.filter(~held, pk=mark.pk, marked=True)
    with transaction.atomic():
        # The update locks the row until the transaction ends. The next read returns what was taken.
        taken = free.update(writer=draw_token(), held_until=until)
        return FitMark.objects.get(pk=mark.pk) if taken else None


def untell(mark: FitMark) -> bool:
    """Empty `told`, before different fits are written; return False if another fitter has taken the mark."""
    return bool(_taken(mark).update(told=""))


def close_fits(mark: FitMark, told: str, held_until: int) -> bool:
    """Set `told`, and until when beat makes no fits (ms). Remove the mark if its token is still that of `mark`; return
    whether it was removed. If another fitter has taken the mark, nothing changes."""
    with transaction.atomic():
        _taken(mark).update(told=told, held_until=held_until)
        return bool(_taken(mark).filter(token=mark.token).update(marked=False))


def hold_fits(mark: FitMark, until: int) -> bool:
    """Hold a mark until an instant (ms), 0 to release it; return False if another fitter has taken it."""
    return bool(_taken(mark).update(held_until=until))


def is_rolling(site: str, since: int, until: int, token: int) -> bool:
    """Whether buckets of an interval (ms) are marked under this token or a later one, alone or with their site."""
    fresh = Mark.objects.filter(site=site, marked=True, token__gte=token)
    whole = Q(bucket=WHOLE_SITE) | Q(part=ONWARD, bucket__lt=until)
    return fresh.filter(whole | Q(bucket__gte=since, bucket__lt=until)).exists()


def _taken(mark: FitMark) -> QuerySet[FitMark]:
    return FitMark.objects.filter(pk=mark.pk, writer=mark.writer)
