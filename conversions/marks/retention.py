"""Retention: the instant before which figures don't change any more."""

from django.conf import settings

from conversions.rules.goals import LONGEST_WINDOW
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms


def frozen_before() -> int:
    """The instant (ms) before which buckets are frozen: RETENTION_DAYS ago, plus the longest window. The windows of
    earlier conversions may begin before the retention."""
    return now_ms() - settings.RETENTION_DAYS * DAY_MS + LONGEST_WINDOW
