"""Wanted: reads and checks the parameters of a list of conversions: range, filters and page. Pure."""

import re
from collections.abc import Mapping
from datetime import date

import msgspec

from conversions.attribution.credit import MODELS
from conversions.explain.position import ListPosition, read_position
from conversions.rules.site import SiteConfig
from conversions.units.clock import day_start, days_between, next_day
from conversions.units.parameters import check_names, read_limit
from tracker.collection.money import read_micros
from tracker.collection.refusal import Refusal

#: A list covers at most this many days. The limit of reports is the same.
MAX_DAYS = 400
EARLIEST, LATEST = "2000-01-01", "2999-12-31"
#: The largest number of conversions on a page, and the default.
MAX_LIMIT = 100
#: A filter has at most this many values. A value has at most this many characters.
MAX_VALUES, MAX_LENGTH = 100, 1_000
#: All parameters of a list.
PARAMETERS = (
    *("site", "from", "to", "goal", "ad", "model", "counted"),
    *("min_value", "max_value", "limit", "after"),
)
COUNTED = {"true": True, "false": False}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversions a list shows: those with `since` <= at < `until` (ms) that meet all filters.

    `first`, `last`: the first and the last day of the range. `goals`: uids; empty for all goals. `ads`: names of ads,
    of which at least one must have credit under `model`; empty for all conversions. `counted`: True for conversions
    that count, False for those that don't, None for both. `least`, `most`: limits of the value in micros of the site's
    currency, both inclusive. `limit`: how many conversions are on a page. `after`: the position at which the page
    begins; None for the first page.
    """

    first: str
    last: str
    since: int
    until: int
    model: str = "last"
    goals: frozenset[str] = frozenset()
    ads: frozenset[str] = frozenset()
    counted: bool | None = None
    least: int | None = None
    most: int | None = None
    limit: int = MAX_LIMIT
    after: ListPosition | None = None


def read_wanted(parameters: Mapping[str, str], site: SiteConfig) -> Wanted:
    """Read and check the parameters. Empty parameters are ignored. Raises Refusal."""
    check_names(parameters, PARAMETERS, "A list of conversions")
    first, last = _read_day(parameters, "from"), _read_day(parameters, "to")
    if last < first:
        raise Refusal(400, "bad_range", "The last day (to) lies before the first (from).", "to")
    if len(days_between(first, last)) > MAX_DAYS:
        raise Refusal(400, "range_too_long", f"A list covers at most {MAX_DAYS} days.", "to")
    return Wanted(
        first=first,
        last=last,
        since=day_start(first, site.timezone),
        until=day_start(next_day(last), site.timezone),
        model=_read_model(parameters),
        goals=frozenset(_goal_uid(key, site) for key in _values(parameters, "goal")),
        ads=frozenset(_values(parameters, "ad")),
        counted=_read_counted(parameters),
        least=_read_value(parameters, "min_value"),
        most=_read_value(parameters, "max_value"),
        limit=read_limit(parameters.get("limit") or "", MAX_LIMIT, usual=MAX_LIMIT),
        after=_read_after(parameters),
    )


def _read_day(parameters: Mapping[str, str], field: str) -> str:
    day = parameters.get(field) or ""
    try:
        if _DAY.fullmatch(day) and date.fromisoformat(day) and EARLIEST <= day <= LATEST:
            return day
    except ValueError:
        pass
    raise Refusal(400, "bad_day", f"{field} must be a day of the site's calendar, such as 2026-11-23.", field)


def _values(parameters: Mapping[str, str], field: str) -> list[str]:
    every = parameters.getlist(field) if hasattr(parameters, "getlist") else [parameters.get(field, "")]
    values = [value for value in every if value]
    if len(values) > MAX_VALUES or any(len(value) > MAX_LENGTH for value in values):
        detail = f"{field} has at most {MAX_VALUES} values of {MAX_LENGTH} characters each."
        raise Refusal(400, "bad_filter", detail, field)
    return values


def _goal_uid(key: str, site: SiteConfig) -> str:
    for goal in site.goals:
        if goal.key == key:
            return goal.uid
    there = ", ".join(goal.key for goal in site.goals) or "none"
    raise Refusal(404, "unknown_goal", f"The site has no goal of this key. Its goals: {there}.", "goal")


def _read_model(parameters: Mapping[str, str]) -> str:
    model = parameters.get("model") or "last"
    if model not in MODELS:
        raise Refusal(400, "bad_model", f"model must be one of {', '.join(MODELS)}.", "model")
    return model


def _read_counted(parameters: Mapping[str, str]) -> bool | None:
    text = parameters.get("counted") or ""
    if text and text not in COUNTED:
        raise Refusal(400, "bad_counted", f"counted must be one of {', '.join(COUNTED)}.", "counted")
    return COUNTED.get(text)


def _read_value(parameters: Mapping[str, str], field: str) -> int | None:
    text = parameters.get(field) or ""
    micros = read_micros(text) if text else None
    if text and micros is None:
        raise Refusal(400, "bad_value", f"{field} must be an amount of the site's currency, such as 29.90.", field)
    return micros


def _read_after(parameters: Mapping[str, str]) -> ListPosition | None:
    text = parameters.get("after") or ""
    try:
        return read_position(text) if text else None
    except ValueError as error:
        detail = "Take the URL of the next page from `next` of the page before it."
        raise Refusal(400, "bad_page", detail, "after") from error
