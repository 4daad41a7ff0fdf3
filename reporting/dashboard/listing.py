"""Listing: which conversions the page `/conversions` lists. It is read from the page's address, or made from a number
of the dashboard that counts these conversions. Pure."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from conversions.explain.wanted import SINGLE
from conversions.filters.filters import FILTER_NAMES
from conversions.units.parameters import check_names
from reporting.dashboard.choice import Choice, Filters, Pairs, read_filter_pairs, read_period

#: All parameters of the page.
PARAMETERS = ("site", "period", "from", "to", *SINGLE, "after", *FILTER_NAMES)
#: The most conversions on a page.
LISTED = 50


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversions to list: those of a site's days that meet the filters. `single`: the parameters that can have
    only one value, such as `model`. `after`: the position after which the page begins; "" for the first page."""

    site: str
    first: str
    last: str
    single: dict[str, str]
    filters: Filters = ()
    after: str = ""


def read_listing(parameters: Mapping[str, str], site: str, today: str) -> Listing:
    """Read from the page's parameters which conversions to list. If the parameters name no days, the last 28 days are
    listed. Values are not checked here, but by the list. Raises Refusal."""
    check_names(parameters, PARAMETERS, "The page of conversions")
    _, first, last = read_period(parameters, today)
    return Listing(
        site=site,
        first=first,
        last=last,
        single={name: parameters[name] for name in SINGLE if parameters.get(name)},
        filters=read_filter_pairs(parameters),
        after=parameters.get("after") or "",
    )


def behind(choice: Choice, model: str = "", **single: str) -> str:
    """Return the address of the list of the conversions that a number of the dashboard counts. `model` and `single` are
    further parameters of this list."""
    chosen = {"model": model or choice.model, "counted": "true", **single}
    return listing_address(
        Listing(site=choice.site, first=choice.first, last=choice.last, single=chosen, filters=choice.filters)
    )


def listing_address(listing: Listing) -> str:
    """Return the address of the page that lists these conversions."""
    return f"?{urlencode(listing_pairs(listing))}"


def listing_pairs(listing: Listing) -> Pairs:
    """Return the parameters of the address of the page that lists these conversions."""
    after = [("after", listing.after)] if listing.after else []
    return [*wanted_pairs(listing), *after]


def wanted_pairs(listing: Listing) -> Pairs:
    """Return the parameters with which `/api/conversions` and the export give the whole list."""
    return [*_days(listing), *listing.single.items(), *listing.filters]


def report_pairs_of(listing: Listing) -> Pairs:
    """Return the parameters of the report that has the list's days, model and filters."""
    model = [(name, value) for name, value in listing.single.items() if name == "model"]
    return [*_days(listing), *model, *listing.filters]


def _days(listing: Listing) -> Pairs:
    return [("site", listing.site), ("from", listing.first), ("to", listing.last)]
