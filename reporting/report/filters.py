"""Filters: reads which goals and ads a report includes, from parameters such as `ad=x` and `ad!=y`. Pure."""

from collections.abc import Callable, Mapping

import msgspec

from conversions.rules.site import SiteConfig
from reporting.report.channels import channels_of
from tracker.collection.refusal import Refusal

#: The keys by which a report can be filtered. `ad=x` includes only x, `ad!=x` excludes it; both can be repeated.
FILTERS = ("ad", "campaign", "channel", "source", "medium", "network", "goal")
#: The most values of a filter, and the most characters of a value.
MAX_VALUES, MAX_LENGTH = 100, 1_000

#: A function that returns all values of a parameter.
Given = Callable[[str], list[str]]


class Filter(msgspec.Struct, frozen=True):
    """Which values of a key a report includes. If `only` has values, it includes only these; without `only` it includes
    all values but those of `without`."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def takes(self, value: str) -> bool:
        """Whether the report includes what has this value, such as an ad with this name."""
        return (not self.only or value in self.only) and value not in self.without


def read_filters(given: Given, site: SiteConfig) -> Mapping[str, Filter]:
    """Read the filters of a report: key -> Filter. `given` returns all values of a parameter. Goals are named by their
    keys, and their uids are returned. Raises Refusal."""
    found = {name: Filter(_read(given, name, site), _read(given, f"{name}!", site)) for name in FILTERS}
    return {name: kept for name, kept in found.items() if kept != Filter()}


def _read(given: Given, field: str, site: SiteConfig) -> frozenset[str]:
    values = [value for value in given(field) if value]
    if len(values) > MAX_VALUES or any(len(value) > MAX_LENGTH for value in values):
        detail = f"{field} has at most {MAX_VALUES} values of {MAX_LENGTH} characters each."
        raise Refusal(400, "bad_filter", detail, field)
    if field.startswith("goal"):
        return frozenset(goal_uid(value, site, field) for value in values)
    if field.startswith("channel") and not set(values) <= set(channels := channels_of(site)):
        raise Refusal(400, "unknown_channel", f"The channels are {', '.join(channels)}.", field)
    return frozenset(values)


def goal_uid(key: str, site: SiteConfig, field: str = "goal") -> str:
    """Return the uid of the site's goal with this key. Raises Refusal, which names the parameter `field`."""
    for goal in site.goals:
        if goal.key == key:
            return goal.uid
    there = ", ".join(goal.key for goal in site.goals) or "none"
    raise Refusal(404, "unknown_goal", f"The site has no goal of this key. Its goals: {there}.", field)
