"""Sealed: computes the instant before which a report is complete. Every hit that was accepted and happened before this
instant is in the figures.

Compute the instant first, and then read cells. A hit that these cells lack was still in the queue, or in a marked hour,
when the instant was computed; the instant is then not later than the hit.
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
    """Return the instant (ms) before which a report is complete. With basis=click, the report is complete for touches
    before this instant."""
    # Read the marker first, then the marks. If the marker counts a hit as processed, the hit's hour was marked before
    # the marker was read. Therefore this hour is either still marked or already rolled up.
    reached = Marker.reached()
    is_learned = bool(set(query.all_models()) & set(LEARNED))
    sealed = seal(reached, [*marked_since(site.key), *(unfitted_since(site) if is_learned else ())])
    return max(sealed - longest_window(site), 0) if query.basis == "click" else sealed


def seal(reached: int, marked: Sequence[int]) -> int:
    """Return the instant before which figures are complete (ms, whole seconds). `reached`: the instant up to which the
    queue is processed. `marked`: the starts of hours that must be rolled up again."""
    sealed = max(min([reached - MARGIN_MS, *marked]), 0)
    return sealed - sealed % 1000


def marked_since(key: str) -> list[int]:
    """Return [start of the site's oldest marked hour (ms)], or [] if no hour is marked. A mark on the whole site marks
    all its hours."""
    first = first_mark(key)
    if first == WHOLE_SITE:
        first = first_bucket(key)
    return [] if first is None else [first]


def unfitted_since(site: SiteConfig) -> list[int]:
    """Return [end of the oldest month that needs new fits (ms)], or [] if no month needs any. Data-driven credit of
    conversions after this instant may still change."""
    return [day_start(first_day(next_month(mark.month)), site.timezone) for mark in open_fits(site.key)[:1]]


def is_recounting(key: str, now: int) -> bool:
    """Whether old figures of a site (by key) are being made again at `now` (ms): because of a replay, or because an
    hour that began more than a day ago is marked. A change of the configuration marks all hours."""
    if Replay.objects.filter(site__in=(key, ""), requested=True, ended_at__isnull=True).exists():
        return True
    first = first_mark(key)
    return first is not None and first < now - DAY_MS


def is_provisional(query: Query, site: SiteConfig, sealed: int) -> bool:
    """Whether figures of the report may still change: its last day ends after `sealed` (ms), the instant before which
    figures are complete."""
    return day_start(next_day(query.last), site.timezone) > sealed
