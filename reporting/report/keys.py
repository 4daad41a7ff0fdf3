"""Keys: computes the keys of a report's rows, as the parameter `by` asks for. A key has two parts: HeadKeys computes
the part for goal and time, AdKeys the part for the ad. Pure."""

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

#: The part of a row's key for goal and time, in the order of `by`.
Head = tuple[str, ...]
#: The part of a row's key for the ad, in the order of `by`. In reports by ad it ends with whether the ad is
#: unconfigured.
AdKey = tuple[Any, ...]
#: The key of an ad that the query's filters exclude.
LEFT_OUT: Final[AdKey] = ("\0",)


class HeadKeys:
    """Computes the part of a row's key for goal and time. With by=goal,week it is ("sale", "2026-W48")."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.names = tuple(name for name in query.by if name not in AD_KEYS)
        self._goals = {goal.uid: goal.key for goal in site.goals}

    def key(self, goal: str, day: str, bucket: int) -> Head:
        """Return the part of a row's key for a goal (by uid), a site-local day, and an hour (its start, ms)."""
        return tuple(self._value(name, goal, day, bucket) for name in self.names)

    def _value(self, name: str, goal: str, day: str, bucket: int) -> str:
        if name == "goal":
            return self._goals.get(goal, goal)
        if name == "hour":
            return iso(bucket)
        return day if name == "day" else period_of(day, name)


class AdKeys:
    """Computes the part of a row's key for the ad. With by=source,medium it is ("google", "cpc"). Computed keys are
    cached, because the same ads come in many cells."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.names = tuple(name for name in query.by if name in AD_KEYS)
        self._filters = {name: kept for name, kept in query.filters.items() if name in AD_KEYS}
        self._origins = Origins(site.ads)
        self._channels = Channels(site)
        #: Whether origin and channel are needed, which take longest to compute. Most reports don't need them.
        self._needs_origin = not {*self.names, *self._filters} <= {"ad", "campaign"}
        #: Unattributed amounts are excluded if a filter includes only some ads.
        no_ad = LEFT_OUT if any(kept.only for kept in self._filters.values()) else None
        self._known: dict[Named | None, AdKey | None] = {None: no_ad}

    def keys(self, ads: Iterable[Named | None]) -> list[AdKey | None]:
        """Return for each ad its part of a row's key; LEFT_OUT if the query's filters exclude the ad. None, in `ads`
        and in the result, stands for no ad."""
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
    """Return the ISO week of a day, such as 2026-W48, if `name` is week; its month, such as 2026-11, if `name` is
    month."""
    if name == "month":
        return day[:7]
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"
