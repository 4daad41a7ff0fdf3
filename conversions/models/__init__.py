"""Models: the Django models of this app: configuration, progress of work, and the tables of the SQL store."""

from django.conf import settings

from conversions.marks.days import StaleDay
from conversions.marks.marks import FitMark, Mark, Sequence, SiteCurrency
from conversions.marks.parts import PartStep
from conversions.models.ads import Ad, Campaign, MatchRule
from conversions.models.change import slug
from conversions.models.goals import (
    AHEAD_MS,
    Goal,
    GoalRules,
    GoalVersion,
    effect_time,
    new_goal_uid,
    validate_conditions,
)
from conversions.models.progress import MARGIN_MS, LastSnapshot, Marker, PutBack, Replay
from conversions.models.rates import RateLoad, RateRow
from conversions.models.spend import SpendRow
from conversions.store.rows import CarriedRow, CellRow, CountRow, FactRow, SetAsideCountRow, SetAsideRow

if settings.CASSANDRA_URL:
    # django-cassandra-engine looks here for the tables that `manage.py sync_cassandra` makes.
    from conversions.store.tables import (  # noqa: F401
        Carried,
        Cells,
        Claims,
        Counters,
        Ledger,
        LinkedSets,
        Rejected,
        RejectedCounts,
        Timeline,
    )

__all__ = [
    "AHEAD_MS", "MARGIN_MS", "Ad", "Campaign", "CarriedRow", "CellRow", "CountRow", "FactRow", "FitMark", "Goal",
    "GoalRules", "GoalVersion", "LastSnapshot", "Mark", "Marker", "MatchRule", "PartStep", "PutBack", "RateLoad",
    "RateRow", "Replay", "Sequence", "SetAsideCountRow", "SetAsideRow", "SiteCurrency", "SpendRow", "StaleDay",
    "effect_time", "new_goal_uid", "slug", "validate_conditions",
]  # fmt: skip
