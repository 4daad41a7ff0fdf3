"""Wanted: reads and checks the parameters of a list of conversions: range, filters and page. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from conversions.attribution.credit import MODELS
from conversions.explain.position import ListPosition, read_position
from conversions.filters.filters import FILTER_NAMES, Filters, read_filters
from conversions.rules.site import SiteConfig
from conversions.units.clock import day_start, next_day
from conversions.units.days import read_days
from conversions.units.parameters import check_names, read_limit, read_one_of
from tracker.collection.money import read_micros
from tracker.collection.refusal import Refusal

#: The largest number of conversions on a page, and the default.
MAX_LIMIT = 100
#: The parameters that have one value, besides the site and the days.
SINGLE = ("model", "counted", "attributed", "min_value", "max_value")
#: All parameters of a list.
PARAMETERS = ("site", "from", "to", *FILTER_NAMES, *SINGLE, "limit", "after")
YES_OR_NO = {"true": True, "false": False}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversions a list shows: those with `since` <= at < `until` (ms) that meet all filters.

    `first`, `last`: the first and the last day of the range. `filters`: the filters on goals and ads, as in reports. A
    conversion meets the filters on ads if one of the ads that get credit for it under `model` meets all of them.
    `counted`: True for conversions that count, False for those that don't, None for both. `attributed`: True for
    conversions for which an ad gets credit, False for the others, None for both. `least`, `most`: limits of the value
    in micros of the site's currency, both inclusive. `limit`: how many conversions are on a page. `after`: the position
    at which the page begins; None for the first page.
    """

    first: str
    last: str
    since: int
    until: int
    model: str = "last"
    filters: Filters = MappingProxyType({})
    counted: bool | None = None
    attributed: bool | None = None
    least: int | None = None
    most: int | None = None
    limit: int = MAX_LIMIT
    after: ListPosition | None = None


def read_wanted(parameters: Mapping[str, str], site: SiteConfig) -> Wanted:
    """Read and check the parameters. Empty parameters are ignored. Raises Refusal."""
    check_names(parameters, PARAMETERS, "A list of conversions")
    first, last = read_days(parameters, "A list")
    return Wanted(
        first=first,
        last=last,
        since=day_start(first, site.timezone),
        until=day_start(next_day(last), site.timezone),
        model=read_one_of(parameters, "model", tuple(MODELS), "last"),
        filters=read_filters(parameters, site),
        counted=_read_yes_or_no(parameters, "counted"),
        attributed=_read_yes_or_no(parameters, "attributed"),
        least=_read_value(parameters, "min_value"),
        most=_read_value(parameters, "max_value"),
        limit=read_limit(parameters.get("limit") or "", MAX_LIMIT, usual=MAX_LIMIT),
        after=_read_after(parameters),
    )


def _read_yes_or_no(parameters: Mapping[str, str], field: str) -> bool | None:
    return YES_OR_NO.get(read_one_of(parameters, field, tuple(YES_OR_NO), ""))


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
