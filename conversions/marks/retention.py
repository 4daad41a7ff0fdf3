"""Retention: the instant before which figures don't change any more."""

from django.conf import settings

from conversions.rules.goals import LONGEST_WINDOW
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms


def frozen_before() -> int:
    """The instant (ms) before which buckets are frozen, because their conversions' windows begin before the
    retention."""
    return now_ms() - settings.RETENTION_DAYS * DAY_MS + LONGEST_WINDOW
