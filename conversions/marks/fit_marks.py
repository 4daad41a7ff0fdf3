"""Who makes a month's fits: marks that are taken, and closed by whoever took them last.

Two may make the same fits at once, and either may die at any point. These rules keep the next month's figures right:

1. Who takes a mark draws a token, becomes its writer and reads whether `told` was left empty, in that order.
2. Before fits that are not the told ones are written, `told` is emptied; who is not the writer any more writes nothing.
3. Then the fits are written under the writer's token, then the next month's buckets are marked, and only then is `told`
   set, by the writer alone.

So while `told` is not empty, the stored fits are what it says and every bucket was marked after they were written: no
other write can be under way, as it emptied `told` before, and was the writer then. Who was overtaken after that writes
under a smaller token than who overtook, found `told` empty, and marks after writing.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from conversions.marks.marks import WHOLE_SITE, FitMark, Mark, draw_token

#: Later than every clock.
WHENEVER = 1 << 62


def open_fits(site: str | None = None) -> list[FitMark]:
    """The months whose fits must be made again, the oldest first."""
    marks = FitMark.objects.filter(marked=True).order_by("month", "site")
    return list(marks.filter(site=site) if site else marks)


def take_fits(mark: FitMark, now: int, until: int) -> FitMark | None:
    """Take a mark, so that beat leaves it alone until then; None where another holds it or it is closed (ms)."""
    free = FitMark.objects.filter(pk=mark.pk, marked=True, held_until__lte=now)
    with transaction.atomic():
        # The row is written first, so it stays as it is until it is read.
        taken = free.update(writer=draw_token(), held_until=until)
        return FitMark.objects.get(pk=mark.pk) if taken else None


def untell(mark: FitMark) -> bool:
    """Note that other fits are about to be written; False if another has taken the mark."""
    return bool(_taken(mark).update(told=""))


def close_fits(mark: FitMark, told: str, held_until: int) -> bool:
    """Note what the next month's buckets were marked for, and remove the mark if its token is still the noted one."""
    with transaction.atomic():
        _taken(mark).update(told=told, held_until=held_until)
        return bool(_taken(mark).filter(token=mark.token).update(marked=False))


def hold_fits(mark: FitMark, until: int) -> bool:
    """Hold it longer, or let others have it with 0 (ms); False if another has taken it."""
    return bool(_taken(mark).update(held_until=until))


def is_rolling(site: str, since: int, until: int, token: int) -> bool:
    """Whether buckets of a stretch (ms), or the whole site, are marked under that token or a later one."""
    fresh = Mark.objects.filter(site=site, marked=True, token__gte=token)
    return fresh.filter(Q(bucket=WHOLE_SITE) | Q(bucket__gte=since, bucket__lt=until)).exists()


def _taken(mark: FitMark) -> QuerySet[FitMark]:
    return FitMark.objects.filter(pk=mark.pk, writer=mark.writer)
