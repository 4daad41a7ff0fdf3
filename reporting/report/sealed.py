"""Sealed: the queue's marker and a site's marks -> the instant before which every accepted hit is in the figures.

Compute the instant first, then read the cells. A hit that the cells lack was still marked, or in the queue, when the
instant was computed; therefore the hit isn't before it.
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
    """The instant (ms) before which the report is complete. With basis=click it is an instant of touches."""
    # Read the marker first, then the marks. Hits that the marker counts as processed had been marked by then. Therefore
    # each is in a bucket whose mark is still open, or is rolled up.
    reached = Marker.reached()
    is_learned = bool(set(query.all_models()) & set(LEARNED))
    sealed = seal(reached, [*marked_since(site.key), *(unfitted_since(site) if is_learned else ())])
    return max(sealed - longest_window(site), 0) if query.basis == "click" else sealed


def seal(reached: int, marked: Sequence[int]) -> int:
    """The sealed instant in whole seconds (ms), from the queue's progress and the starts of marked buckets."""
    sealed = max(min([reached - MARGIN_MS, *marked]), 0)
    return sealed - sealed % 1000


def marked_since(key: str) -> list[int]:
    """The start of the site's oldest marked bucket, if there is one. A mark on the whole site counts for each
    bucket."""
    first = first_mark(key)
    if first == WHOLE_SITE:
        first = first_bucket(key)
    return [] if first is None else [first]


def unfitted_since(site: SiteConfig) -> list[int]:
    """The first instant (ms) whose data-driven credit may still change: the end of the oldest marked month."""
    return [day_start(first_day(next_month(mark.month)), site.timezone) for mark in open_fits(site.key)[:1]]


def is_recounting(key: str, now: int) -> bool:
    """Whether the site's old figures are being made again at `now` (ms).

    This is so if a replay is under way, or if a bucket older than a day is marked. A change of the configuration marks
    all buckets.
    """
    if Replay.objects.filter(site__in=(key, ""), requested=True, ended_at__isnull=True).exists():
        return True
    first = first_mark(key)
    return first is not None and first < now - DAY_MS


def is_provisional(query: Query, site: SiteConfig, sealed: int) -> bool:
    """Whether the query's range ends after the sealed instant."""
    return day_start(next_day(query.last), site.timezone) > sealed
