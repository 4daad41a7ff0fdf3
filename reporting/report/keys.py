"""Keys: computes the keys of a report's rows, as the parameter `by` asks for. A key has two parts: HeadKeys computes
the part for goal and time, AdKeys the part for the ad. Pure."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from conversions.facts.ad_names import Named
from conversions.filters.ad_values import AdValues
from conversions.filters.filters import AD_KEYS, takes_ad, takes_no_ad
from conversions.rules.site import SiteConfig
from reporting.report.query import Query
from tracker.collection.hit import iso

#: The part of a row's key for goal and time, in the order of `by`.
Head = tuple[str, ...]
#: The part of a row's key for the ad, in the order of `by`. In reports by ad it ends with whether the ad is
#: unconfigured.
AdKey = tuple[Any, ...]
#: The key of an ad that the query's filters exclude.
LEFT_OUT: Final[AdKey] = ("\0",)


class HeadKeys:
    """Computes the part of a row's key for goal and time. With by=goal,week this part is ("sale", "2026-W48")."""

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
    """Computes the part of a row's key for the ad. With by=source,medium this part is ("google", "cpc"). Computed keys
    are cached, because the same ads come in many cells."""

    def __init__(self, query: Query, site: SiteConfig) -> None:
        self.names = tuple(name for name in query.by if name in AD_KEYS)
        self._filters = query.filters
        self._values = AdValues(site, {*self.names, *query.filters} & {*AD_KEYS})
        self._known: dict[Named | None, AdKey | None] = {None: None if takes_no_ad(query.filters) else LEFT_OUT}

    def keys(self, ads: Iterable[Named | None]) -> list[AdKey | None]:
        """Return for each ad its part of a row's key; LEFT_OUT if the query's filters exclude the ad. None, in `ads`
        and in the result, stands for no ad."""
        known = self._known
        return [known[ad] if ad in known else known.setdefault(ad, self._key(ad)) for ad in ads]

    def _key(self, ad: Named | None) -> AdKey:
        assert ad is not None
        values = self._values.of(ad)
        if not takes_ad(self._filters, values):
            return LEFT_OUT
        key = tuple(values[name] for name in self.names)
        return (*key, not ad[2]) if "ad" in self.names else key


@lru_cache(maxsize=4096)
def period_of(day: str, name: str) -> str:
    """Return the week or the month of a day. If `name` is week, return the ISO week, such as 2026-W48. If `name` is
    month, return the month, such as 2026-11."""
    if name == "month":
        return day[:7]
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"
