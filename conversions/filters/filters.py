"""Filters: reads which goals and ads a report or a list includes, from parameters such as `ad=x` and `ad!=y`. Pure."""

from collections.abc import Mapping

import msgspec

from conversions.filters.channels import channels_of
from conversions.rules.site import SiteConfig
from conversions.units.parameters import values_of
from tracker.collection.refusal import Refusal

#: The keys that describe an ad.
AD_KEYS = ("ad", "campaign", "channel", "source", "medium", "network")
#: The keys that have filters. `ad=x` includes only x, `ad!=x` excludes it; both can be repeated.
FILTERS = (*AD_KEYS, "goal")
#: The parameters of all filters.
FILTER_NAMES = tuple(name for key in FILTERS for name in (key, f"{key}!"))
#: The most values of a filter, and the most characters of a value.
MAX_VALUES, MAX_LENGTH = 100, 1_000


class Filter(msgspec.Struct, frozen=True):
    """Which values of a key are included. If `only` is not empty, only its values are included. If `only` is empty, all
    values are included but those in `without`."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def takes(self, value: str) -> bool:
        """Whether the filter includes a value, such as the name of an ad."""
        return (not self.only or value in self.only) and value not in self.without


#: Key -> its filter. A key without a filter is left out. Goals are named by uid.
Filters = Mapping[str, Filter]


def takes_goal(filters: Filters, uid: str) -> bool:
    """Whether filters include a goal (by uid)."""
    return "goal" not in filters or filters["goal"].takes(uid)


def takes_ad(filters: Filters, values: Mapping[str, str]) -> bool:
    """Whether filters include an ad. `values`: key -> the ad's value, for each key of ads that has a filter."""
    return all(filters[name].takes(values[name]) for name in AD_KEYS if name in filters)


def takes_no_ad(filters: Filters) -> bool:
    """Whether filters include conversions for which no ad gets credit. If a filter includes only certain ads, these
    conversions are left out."""
    return not any(filters[name].only for name in AD_KEYS if name in filters)


def read_filters(parameters: Mapping[str, str], site: SiteConfig) -> Filters:
    """Read the filters from parameters. Empty values are ignored. Raises Refusal."""
    found = {name: Filter(_read(parameters, name, site), _read(parameters, f"{name}!", site)) for name in FILTERS}
    return {name: kept for name, kept in found.items() if kept != Filter()}


def _read(parameters: Mapping[str, str], field: str, site: SiteConfig) -> frozenset[str]:
    values = [value for value in values_of(parameters, field) if value]
    if len(values) > MAX_VALUES or any(len(value) > MAX_LENGTH for value in values):
        detail = f"{field} has at most {MAX_VALUES} values of {MAX_LENGTH} characters each."
        raise Refusal(400, "bad_filter", detail, field)
    if field.startswith("goal"):
        return frozenset(goal_uid(value, site, field) for value in values)
    if field.startswith("channel") and not set(values) <= set(channels := channels_of(site)):
        raise Refusal(400, "unknown_channel", f"The channels are {', '.join(channels)}.", field)
    return frozenset(values)


def goal_uid(key: str, site: SiteConfig, field: str = "goal") -> str:
    """Return the uid of the site's goal with this key. If there is none, raises Refusal. `field`: the parameter that
    the refusal names."""
    for goal in site.goals:
        if goal.key == key:
            return goal.uid
    there = ", ".join(goal.key for goal in site.goals) or "none"
    raise Refusal(404, "unknown_goal", f"The site has no goal of this key. Its goals: {there}.", field)
