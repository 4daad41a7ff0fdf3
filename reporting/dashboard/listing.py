"""Listing: which conversions the page `/conversions` lists. It is read from the page's address, or made from a number
of the dashboard that counts these conversions. Pure."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec

from conversions.explain.listed import ListedConversion
from conversions.rules.site import SiteConfig
from conversions.units.parameters import check_names
from reporting.dashboard.choice import FILTER_NAMES, Choice, Filters, Pairs, read_filter_pairs, read_period
from reporting.report.filters import Filter
from reporting.report.keys import LEFT_OUT, AdKeys
from reporting.report.query import Query
from tracker.collection.refusal import Refusal

#: The parameters that have one value, besides the site and the days.
SINGLE = ("model", "counted", "attributed", "min_value", "max_value")
#: All parameters of the page.
PARAMETERS = ("site", "period", "from", "to", *SINGLE, "after", *FILTER_NAMES)
#: The filters that `/api/conversions` and the export also have.
OF_THE_API = {"goal", "ad"}
ATTRIBUTED = {"true": True, "false": False}
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
    """Read from the page's parameters which conversions to list. If they name no days, the last 28 days are listed.
    Raises Refusal."""
    check_names(parameters, PARAMETERS, "The page of conversions")
    if parameters.get("attributed") and parameters["attributed"] not in ATTRIBUTED:
        raise Refusal(400, "bad_attributed", f"attributed must be one of {', '.join(ATTRIBUTED)}.", "attributed")
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
    return [*_days(listing), *listing.single.items(), *listing.filters, *after]


def wanted_pairs(listing: Listing) -> Pairs:
    """Return the parameters with which `/api/conversions` gives the list. `/api/conversions` lacks some of the list's
    filters; `filter_of` applies these."""
    single = [(name, value) for name, value in listing.single.items() if name != "attributed"]
    filters = [(name, value) for name, value in listing.filters if name in OF_THE_API]
    after = [("after", listing.after)] if listing.after else []
    return [*_days(listing), *single, *filters, ("limit", str(LISTED)), *after]


def is_of_the_api(listing: Listing) -> bool:
    """Whether `/api/conversions` and the export have all filters of the list, and therefore give the same list."""
    return "attributed" not in listing.single and {name for name, _ in listing.filters} <= OF_THE_API


def report_pairs_of(listing: Listing) -> Pairs:
    """Return the parameters of the report that has the list's days, model and filters."""
    model = [(name, value) for name, value in listing.single.items() if name == "model"]
    return [*_days(listing), *model, *listing.filters]


def filter_of(listing: Listing, query: Query, site: SiteConfig) -> Callable[[ListedConversion], bool]:
    """Return a function that says whether a conversion meets the list's filters of goals and ads.

    A conversion meets the filters of ads if one ad that gets credit for it meets all of them. A conversion without such
    an ad meets them if they only exclude ads.
    """
    ads, goals = AdKeys(query, site), {goal.key: goal.uid for goal in site.goals}
    attributed = ATTRIBUTED.get(listing.single.get("attributed", ""))
    kept = query.filters.get("goal", Filter())

    def takes(listed: ListedConversion) -> bool:
        named = [(one.ad, one.campaign, one.configured) for one in listed.ads]
        if attributed not in (None, bool(named)) or not kept.takes(goals.get(listed.goal.key, "")):
            return False
        return any(key is not LEFT_OUT for key in ads.keys(named or [None]))

    return takes


def _days(listing: Listing) -> Pairs:
    return [("site", listing.site), ("from", listing.first), ("to", listing.last)]
