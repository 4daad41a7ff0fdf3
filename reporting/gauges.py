"""Gauges: reads how far the figures of all sites lag behind the present, for /metrics."""

from django.db.models import Count, Min, Q

from conversions.marks.marks import ONWARD, WHOLE_SITE
from conversions.models import FitMark, Mark, Marker
from conversions.units.clock import month_of
from conversions.units.now import now_ms
from reporting.report.sealed import seal


def read_gauges() -> dict[str, tuple[float, str]]:
    """Return the metrics of all functions here: metric name -> (number, description). A number that isn't known is left
    out."""
    now = now_ms()
    return {**mark_gauges(now), **fit_gauges(now), **marker_gauges(now)}


def mark_gauges(now: int) -> dict[str, tuple[float, str]]:
    """Return how many hours wait to be rolled up, and how long the oldest has waited at `now` (ms).

    The token of a mark is the microsecond in which the hour was marked. Onward marks don't count for the time, because
    they may rest for an hour.
    """
    marks = Mark.objects.filter(marked=True).aggregate(number=Count("pk"), oldest=Min("token", filter=~Q(part=ONWARD)))
    waited = now / 1000 - marks["oldest"] / 1_000_000 if marks["oldest"] else 0.0
    return {
        "hitledger_marks_open": (marks["number"], "Buckets that wait for the rollup."),
        "hitledger_mark_oldest_seconds": (
            max(waited, 0.0),
            "How long the oldest of these buckets has waited. After some minutes, beat or the worker is probably away.",
        ),
    }


def fit_gauges(now: int) -> dict[str, tuple[float, str]]:
    """Return how many months wait for their fits at `now` (ms). The present month of each site is always marked, and
    isn't counted."""
    waiting = FitMark.objects.filter(marked=True, month__lt=month_of(now, "UTC")).count()
    return {"hitledger_fits_open": (waiting, "Months that are over and wait to be fitted.")}


def marker_gauges(now: int) -> dict[str, tuple[float, str]]:
    """Return the age at `now` (ms) of the newest marker that came through the queue, and how far complete (sealed)
    figures are behind `now`."""
    reached = Marker.reached()
    if not reached:
        return {}
    oldest = Mark.objects.filter(marked=True).aggregate(bucket=Min("bucket", filter=~Q(bucket=WHOLE_SITE)))["bucket"]
    sealed = seal(reached, [] if oldest is None else [oldest])
    return {
        "hitledger_marker_seconds": (
            max(now - reached, 0) / 1000,
            "The age of the newest marker that came through the queue. Beat sends one each minute.",
        ),
        "hitledger_sealed_lag_seconds": (
            max(now - sealed, 0) / 1000,
            "How far sealed reports are behind the present, for the site furthest behind. Ten minutes are the least.",
        ),
    }
