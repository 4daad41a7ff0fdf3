"""Retention: how long facts may still change figures."""

from django.conf import settings

from conversions.goals import DAY_MS, LONGEST_WINDOW
from conversions.models import now_ms


def frozen_before() -> int:
    """The instant (ms) before which buckets are frozen: their conversions' windows reach past the retention."""
    return now_ms() - settings.RETENTION_DAYS * DAY_MS + LONGEST_WINDOW
