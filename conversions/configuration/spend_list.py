"""Spend list: reads a page of the stored spend, the latest day first."""

from django.db.models import Q

from conversions.models.spend import SpendRow
from conversions.spend.lines import SpendLine, SpendNames
from conversions.spend.listed import Place, StoredSpend, WantedSpend

#: At most this many sources are read.
MAX_SOURCES = 50


def read_page(site: str, wanted: WantedSpend) -> tuple[list[StoredSpend], Place | None]:
    """Read a page of the list of spend. Returns (rows, position of the last row); the position is None on the last
    page. `site`: the site's key."""
    rows = SpendRow.objects.filter(site__key=site, day__gte=wanted.first, day__lte=wanted.last)
    if wanted.source:
        rows = rows.filter(imported_as=wanted.source)
    if wanted.after:
        day, id = wanted.after
        rows = rows.filter(Q(day__lt=day) | Q(day=day, id__lt=id))
    columns = ("id", "imported_as", "day", "currency", "cost", "clicks", "impressions", *SpendNames._fields)
    found = [
        StoredSpend(id, source, SpendLine(day, currency, SpendNames(*names), cost, clicks, impressions))
        for id, source, day, currency, cost, clicks, impressions, *names in rows.order_by("-day", "-id").values_list(
            *columns
        )[: wanted.limit + 1]
    ]
    shown = found[: wanted.limit]
    return shown, Place(shown[-1].line.day, shown[-1].id) if len(found) > len(shown) else None


def read_sources(site: str) -> list[str]:
    """Read the names of the sources of a site's spend, at most MAX_SOURCES. `site`: the site's key."""
    rows = SpendRow.objects.filter(site__key=site)
    return sorted(rows.order_by().values_list("imported_as", flat=True).distinct()[:MAX_SOURCES])
