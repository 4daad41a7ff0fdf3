"""Goals: what counts as a conversion: the versions of a goal, and whether a hit meets one of them. Pure."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from conversions.rules.conditions import Condition, meets
from conversions.rules.page_path import is_path_like, page_path
from conversions.units.clock import DAY_MS
from tracker.collection.hit import Hit

#: The longest window that a goal may have, in ms. No goal gives credit to a touch that is more than this before the
#: conversion.
LONGEST_WINDOW = 90 * DAY_MS
#: At most this many of the newest clicks in the window may earn credit, and as many of the newest views.
MOST_TOUCHES = 2_000

Counting = Literal["every", "once", "click"]
Match = Literal["all", "any"]


class GoalVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a goal's rules. The rules of a version never change. Of the versions that have started, the newest
    is in force.

    `path`: a glob over the paths of page hits. `event`: the name of a hit of any type. An empty field is ignored.
    `path` and `event` are one rule together: a hit meets the rule if it meets `path` or `event`. If `match` is `all`, a
    hit must meet this rule and all `conditions`. If `match` is `any`, a hit must meet this rule or one of the
    conditions.

    `currency`: the site's currency. `fixed_value`: micros in this currency, used in place of the hit's value. `factor`:
    micros; the hit's value is multiplied by the factor. A fixed value is not multiplied. `counting`: whether every
    conversion counts, or one per person (`once`), or one per click. `click_window`, `view_window`: ms. `most_touches`:
    at most this many of the newest clicks in the window may earn credit, and as many of the newest views.
    `open_values`: whether an amount counts without an ingest token. If it is False, a conversion with an amount counts
    only if a server sent the amount with an ingest token.
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
    """What counts as a conversion. `uid` never changes. `key` is the goal's name in hits and reports."""

    uid: str
    key: str
    versions: tuple[GoalVersion, ...]

    def in_force(self, at: int) -> GoalVersion | None:
        """Return the version in force at an instant (ms). None before the first version, or while the goal is switched
        off."""
        begun = [version for version in self.versions if version.starts_at <= at]
        newest = max(begun, key=lambda version: version.version, default=None)
        return newest if newest and newest.active else None


def is_met(hit: Hit, goal: Goal, version: GoalVersion) -> bool:
    """Whether a hit meets a version of a goal.

    A conversion hit that names the goal always meets the version. An adjustment never does. All other hits must meet
    the version's rules.
    """
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
    """Whether only hits with an event can meet the version. An example is the event `signup` together with the
    condition `path is /shop`. The condition is then about the page on which the event happened.

    For other versions, only page hits meet a condition on the path. Otherwise each event on a page would count in
    addition to the page itself.
    """
    named = bool(version.event) and not version.path
    return version.match == "all" and (named or any(condition.on == "event" for condition in version.conditions))
