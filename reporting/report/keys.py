"""Keys: the `by` of a report -> the keys of its rows: those of time and goal, and those of an ad. Pure."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from conversions.rules.site import SiteConfig
from reporting.figures.cells import Named
from reporting.report.channels import Channels
from reporting.report.origin import NONE, Origins
from reporting.report.query import AD_KEYS, Query
from tracker.collection.hit import iso

#: The goal and the times of a row, in the order of `by`.
Head = tuple[str, ...]
#: An ad's keys in the order of `by`; by ad, then also whether the ad is unconfigured.
AdKey = tuple[Any, ...]
#: The key of an ad that the query's filters leave out.
LEFT_OUT: Final[AdKey] = ("\0",)


class HeadKeys:
    """Gives a goal, a day and a bucket their part of a row's key. It has only what is in the query's `by`."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.names = tuple(name for name in query.by if name not in AD_KEYS)
        self._goals = {goal.uid: goal.key for goal in site.goals}

    def key(self, goal: str, day: str, bucket: int) -> Head:
        """The key of a goal (its uid), a site-local day and the start of a bucket (ms)."""
        return tuple(self._value(name, goal, day, bucket) for name in self.names)

    def _value(self, name: str, goal: str, day: str, bucket: int) -> str:
        if name == "goal":
            return self._goals.get(goal, goal)
        if name == "hour":
            return iso(bucket)
        return day if name == "day" else period_of(day, name)


class AdKeys:
    """Gives each ad its part of a row's key. Each ad is looked at once, because a report has many cells."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.names = tuple(name for name in query.by if name in AD_KEYS)
        self._filters = {name: kept for name, kept in query.filters.items() if name in AD_KEYS}
        self._origins = Origins(site.ads)
        self._channels = Channels(site)
        #: Most reports need neither origin nor channel, which take longer than the rest.
        self._needs_origin = not {*self.names, *self._filters} <= {"ad", "campaign"}
        #: No ad meets a filter that asks for one.
        no_ad = LEFT_OUT if any(kept.only for kept in self._filters.values()) else None
        self._known: dict[Named | None, AdKey | None] = {None: no_ad}

    def keys(self, ads: Iterable[Named | None]) -> list[AdKey | None]:
        """The key of each ad; None for no ad; LEFT_OUT for what the filters leave out."""
        known = self._known
        return [known[ad] if ad in known else known.setdefault(ad, self._key(ad)) for ad in ads]

    def _key(self, ad: Named | None) -> AdKey:
        assert ad is not None
        values = {"ad": ad[0], "campaign": ad[1] or NONE}
        if self._needs_origin:
            origin = self._origins.of(ad)
            values |= {**origin._asdict(), "channel": self._channels.of(ad, origin)}
        if not all(kept.takes(values[name]) for name, kept in self._filters.items()):
            return LEFT_OUT
        key = tuple(values[name] for name in self.names)
        return (*key, not ad[2]) if "ad" in self.names else key


@lru_cache(maxsize=4096)
def period_of(day: str, name: str) -> str:
    """The ISO week (`2026-W48`) or the month (`2026-11`) of a day."""
    if name == "month":
        return day[:7]
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"
