"""Goals: which hits count as conversions. hit + goals -> conversions, pure."""

from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from conversions.rules.conditions import Condition, is_like, meets
from conversions.units.clock import DAY_MS
from tracker.collection.hit import Hit

#: No goal's window is longer: what a touch may change is sought this far ahead, whatever the goals say.
LONGEST_WINDOW = 90 * DAY_MS
#: Of a path's clicks in the window, and likewise of its views, so many may earn credit: the newest.
MOST_TOUCHES = 2_000

Counting = Literal["every", "once", "click"]
Match = Literal["all", "any"]


class GoalVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a goal's rules. Versions never change; the one in force at an instant is the newest begun by then.

    `path` is a glob over the path of page hits, `event` the name of any hit: either will do, an empty one asks nothing.
    That and each of `conditions` must be met (`match` all), or one of them (any). `currency` is the site's.
    `fixed_value` (micros of the site's currency) replaces the hit's value; else `factor` (micros) multiplies it.
    Windows are ms; of the touches in them the newest `most_touches` of each kind may earn credit.
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


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as a conversion. `uid` never changes, `key` is the name that hits and reports use."""

    uid: str
    key: str
    versions: tuple[GoalVersion, ...]

    def in_force(self, at: int) -> GoalVersion | None:
        """The version in force at an instant, None before the first and where the goal was switched off."""
        begun = [version for version in self.versions if version.starts_at <= at]
        newest = max(begun, key=lambda version: version.version, default=None)
        return newest if newest and newest.active else None


def page_path(url: str) -> str:
    """The path of a page's address, `/` where it has none or can't be read."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return "/"


def is_met(hit: Hit, goal: Goal, version: GoalVersion) -> bool:
    """Whether a hit meets a goal's version: a conversion by the goal's key, others by what the version asks."""
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
        yield named or (bool(version.path) and hit.type == "page" and is_like(path, version.path))
    for condition in version.conditions:
        elsewhere = condition.on == "path" and hit.type != "page" and not _is_of_event(version)
        yield not elsewhere and meets(hit, path, condition, version.currency)


def _is_of_event(version: GoalVersion) -> bool:
    """Whether every hit that meets the version is of an event: a path is then the one on which it happened.

    Else a path is met by page views alone, or each event on that page would count as well.
    """
    named = bool(version.event) and not version.path
    return version.match == "all" and (named or any(condition.on == "event" for condition in version.conditions))
