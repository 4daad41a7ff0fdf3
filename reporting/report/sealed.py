"""Sealed: computes the instant before which a report is complete: every accepted hit is in its figures.

Compute it before reading cells. A hit that the cells lack was at that moment still in the queue, or in a marked hour;
it is therefore not before the instant.
"""

from collections.abc import Sequence

from conversions.attribution.credit import LEARNED
from conversions.marks.fit_marks import open_fits
from conversions.marks.marks import WHOLE_SITE, first_bucket, first_mark
from conversions.models import MARGIN_MS, Marker, Replay
from conversions.rules.site import SiteConfig
from conversions.units.clock import DAY_MS, day_start, first_day, next_day, next_month
from reporting.report.query import Query, longest_window


def sealed_until(query: Query, site: SiteConfig) -> int:
    """Return the instant (ms) before which the report is complete. With basis=click it is an instant of touches."""
    # Read the marker first, then the marks. Hits that the marker counts as processed had been marked by then. Each is
    # therefore in an hour that is still marked, or is rolled up.
    reached = Marker.reached()
    is_learned = bool(set(query.all_models()) & set(LEARNED))
    sealed = seal(reached, [*marked_since(site.key), *(unfitted_since(site) if is_learned else ())])
    return max(sealed - longest_window(site), 0) if query.basis == "click" else sealed


def seal(reached: int, marked: Sequence[int]) -> int:
    """Return the instant before which figures are complete (ms, whole seconds), from how far the queue is processed and
    the starts of marked hours."""
    sealed = max(min([reached - MARGIN_MS, *marked]), 0)
    return sealed - sealed % 1000


def marked_since(key: str) -> list[int]:
    """Return [the start of the site's oldest marked hour], or [] if no hour is marked. A mark on the whole site counts
    for each hour."""
    first = first_mark(key)
    if first == WHOLE_SITE:
        first = first_bucket(key)
    return [] if first is None else [first]


def unfitted_since(site: SiteConfig) -> list[int]:
    """Return [the first instant (ms) whose data-driven credit may still change], or []. It is the end of the oldest
    month that must be fitted again."""
    return [day_start(first_day(next_month(mark.month)), site.timezone) for mark in open_fits(site.key)[:1]]


def is_recounting(key: str, now: int) -> bool:
    """Whether old figures of the site are being made again at `now` (ms): by a replay, or because an hour older than a
    day is marked. A change of the configuration marks all hours."""
    if Replay.objects.filter(site__in=(key, ""), requested=True, ended_at__isnull=True).exists():
        return True
    first = first_mark(key)
    return first is not None and first < now - DAY_MS


def is_provisional(query: Query, site: SiteConfig, sealed: int) -> bool:
    """Whether the query's last day ends after the instant before which figures are complete."""
    return day_start(next_day(query.last), site.timezone) > sealed
