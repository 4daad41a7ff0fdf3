"""Goals: which hits count as conversions. hit + goals -> conversions, pure."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from conversions.facts import Conversion
from tracker.hit import Hit

DAY_MS = 86_400_000
#: No goal's window is longer: what a touch may change is sought this far ahead, whatever the goals say.
LONGEST_WINDOW = 90 * DAY_MS

Counting = Literal["every", "once"]


class GoalVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a goal's rules. Versions never change; the one in force at an instant is the newest begun by then.

    `path` is a glob over the path of page hits, `event` the name of any hit; an empty one matches nothing.
    `fixed_value` (micros of the site's currency) replaces the hit's value. Windows are ms.
    """

    version: int
    starts_at: int
    active: bool = True
    path: str = ""
    event: str = ""
    fixed_value: int | None = None
    counting: Counting = "every"
    click_window: int = 30 * DAY_MS
    view_window: int = DAY_MS


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


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def page_path(url: str) -> str:
    """The path of a page's address, `/` where it has none or can't be read."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return "/"


def is_met(hit: Hit, goal: Goal, version: GoalVersion) -> bool:
    """Whether a hit meets a goal's version: a conversion by the goal's key, any hit by event name, a page by path."""
    if hit.type == "adjustment":
        return False
    if hit.type == "conversion" and hit.name == goal.key:
        return True
    if version.event and hit.name == version.event:
        return True
    return bool(version.path) and hit.type == "page" and _glob(version.path).match(page_path(hit.url)) is not None


def met_by(hit: Hit, goals: Iterable[Goal]) -> Iterator[Conversion]:
    """The conversions that a hit makes: one for each goal whose version in force at its `at` it meets."""
    for goal in goals:
        version = goal.in_force(hit.at)
        if version and is_met(hit, goal, version):
            yield Conversion(
                site=hit.site,
                visitor=hit.visitor,
                at=hit.at,
                hit=hit.id,
                goal=goal.uid,
                version=version.version,
                order=hit.order,
                value=hit.value,
                currency=hit.currency,
            )
