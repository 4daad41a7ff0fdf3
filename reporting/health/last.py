"""Last: finds the last hour in which a site had a hit, a click, a view or a conversion, in the live counters. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.clock import bucket_of
from conversions.units.formats import Instant
from tracker.collection.hit import iso

#: The counters of this many hours are read.
HOURS = 24
#: Metric of the counters -> its title.
KINDS = {"hits": "Hits of any kind", "clicks": "Clicks on ads", "views": "Views of ads"}


class Last(msgspec.Struct, frozen=True):
    """The last hour in which something came. `since`: the start of the hour; None if nothing came in HOURS hours.
    `number`: how often it came in this hour, roughly. `day`: if `since` is None, the last day on which figures have
    it; None if they don't have it either."""

    name: str
    title: str
    since: Instant | None
    number: int = 0
    day: str | None = None


def goal_name(key: str) -> str:
    """Return the name under which the conversions of a goal are counted here. No metric has this name."""
    return f"goal {key}"


def read_hours(store: Store, site: SiteConfig, now: int) -> dict[int, Counter[str]]:
    """Read the live counters of the last HOURS hours up to `now` (ms). Return {start of the hour: {name: number}},
    newest hour first. A name is a metric, or the `goal_name` of a goal. Raises StoreUnavailable."""
    keys = {goal.uid: goal_name(goal.key) for goal in site.goals}
    found: dict[int, Counter[str]] = {}
    bucket = bucket_of(now, site.timezone)
    for _ in range(HOURS):
        numbers = found.setdefault(bucket, Counter())
        for count in store.read_counts(site.key, bucket):
            if count.metric in KINDS or count.metric == "conversions":
                numbers[keys.get(count.goal, count.metric)] += count.amount
        bucket = bucket_of(bucket - 1, site.timezone)
    return found


def lasts(hours: Mapping[int, Counter[str]], site: SiteConfig, days: Mapping[str, Sequence[str]]) -> list[Last]:
    """Return the last hour of each kind of hit, and of each goal. `hours`: the numbers of each hour, newest first.
    `days`: metric, or `goal_name` of a goal -> the days on which the figures have any."""
    titles = {**KINDS, **{goal_name(goal.key): f"Conversions of {goal.key}" for goal in site.goals}}
    found = [last_of(name, title, hours, days.get(name, ())) for name, title in titles.items()]
    # Most sites send no views.
    return [one for one in found if one.name != "views" or one.since or one.day]


def last_of(name: str, title: str, hours: Mapping[int, Counter[str]], days: Sequence[str]) -> Last:
    """Return the last hour that has a number of `name`. If no hour has one, return the last of the days."""
    for hour, numbers in hours.items():
        if numbers[name] > 0:
            return Last(name, title, iso(hour), numbers[name])
    return Last(name, title, None, day=max(days, default=None))
