"""Retention: the time before which figures are frozen (too old to change)."""

from django.conf import settings

from conversions.rules.goals import LONGEST_WINDOW
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms


def frozen_before() -> int:
    """Return the instant (ms) before which figures are frozen (too old to change): now - RETENTION_DAYS + the longest
    attribution window.

    A conversion before this instant may need touches that are older than RETENTION_DAYS.
    """
    return now_ms() - settings.RETENTION_DAYS * DAY_MS + LONGEST_WINDOW
