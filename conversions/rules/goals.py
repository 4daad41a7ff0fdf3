"""Goals: a hit and a goal's version -> whether the hit meets it. Pure."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from conversions.rules.conditions import Condition, meets
from conversions.rules.page_path import is_path_like, page_path
from conversions.units.clock import DAY_MS
from tracker.collection.hit import Hit

#: The longest window of any goal, ms. A touch changes no conversion that comes later than this after the touch.
LONGEST_WINDOW = 90 * DAY_MS
#: At most this many clicks of a path, and this many views, may earn credit: the newest ones in the window.
MOST_TOUCHES = 2_000

Counting = Literal["every", "once", "click"]
Match = Literal["all", "any"]


class GoalVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a goal's rules. A version never changes. The newest version that has started is in force.

    `path` is a glob over the path of a page hit. `event` is the name of a hit of any type. The two are one rule: a hit
    needs to meet only one of them, and an empty one is ignored. With `match` all, a hit must meet this rule and all
    `conditions`. With `match` any, the rule or one condition is enough.

    `currency` is the site's. `fixed_value` (micros of the site's currency) replaces the hit's value. Without it, the
    hit's value is multiplied by `factor` (micros). Windows are ms. The newest `most_touches` of each kind in the window
    may earn credit. If `open_values` is off, an amount counts only if a server sent it with an ingest token.
    """

    version: int
    starts_at: int
    active: bool = True
    path: str = ""
    event: str = ""
    conditions: tuple[Condition, ...] = ()
    match: Match = "all"
    currency: str = ""
    fixed_value: int | None = None
    factor: int | None = None
    counting: Counting = "every"
    click_window: int = 30 * DAY_MS
    view_window: int = DAY_MS
    most_touches: int = MOST_TOUCHES
    open_values: bool = True


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A goal: what counts as a conversion. `uid` never changes; `key` is the name in hits and reports."""

    uid: str
    key: str
    versions: tuple[GoalVersion, ...]

    def in_force(self, at: int) -> GoalVersion | None:
        """The version in force at an instant; None before the first version, and while the goal is switched off."""
        begun = [version for version in self.versions if version.starts_at <= at]
        newest = max(begun, key=lambda version: version.version, default=None)
        return newest if newest and newest.active else None


def is_met(hit: Hit, goal: Goal, version: GoalVersion) -> bool:
    """Whether a hit meets a goal's version. A hit of type conversion that names the goal always does, an adjustment
    never. Other hits must meet the version's rules."""
    if hit.type == "adjustment":
        return False
    if hit.type == "conversion" and hit.name == goal.key:
        return True
    answers = _answers(hit, version)
    if version.match == "any":
        return any(answers)
    return bool(version.path or version.event or version.conditions) and all(answers)


def _answers(hit: Hit, version: GoalVersion) -> Iterator[bool]:
    path = page_path(hit.url) if version.path or version.conditions else ""
    if version.path or version.event:
        named = bool(version.event) and hit.name == version.event
        yield named or (bool(version.path) and hit.type == "page" and is_path_like(path, version.path))
    for condition in version.conditions:
        elsewhere = condition.on == "path" and hit.type != "page" and not _is_of_event(version)
        yield not elsewhere and meets(hit, path, condition, version.currency)


def _is_of_event(version: GoalVersion) -> bool:
    """Whether the version demands an event. A condition on the path then means the page on which the event happened.

    In other versions only page hits meet a condition on the path. Otherwise each event on that page would count as
    well as the page.
    """
    named = bool(version.event) and not version.path
    return version.match == "all" and (named or any(condition.on == "event" for condition in version.conditions))
