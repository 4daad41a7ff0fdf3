"""Listing: the address of the page of conversions -> which of them it lists; and the number of a report -> the address
of the conversions behind it. Pure."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec

from conversions.explain.listed import ListedConversion
from conversions.rules.site import SiteConfig
from reporting.dashboard.choice import FILTER_NAMES, Choice, Filters, Pairs, read_filter_pairs, read_period
from reporting.report.filters import Filter
from reporting.report.keys import LEFT_OUT, AdKeys
from reporting.report.query import Query
from tracker.collection.refusal import Refusal

#: The parameters with one value, beside the site and the days.
SINGLE = ("model", "counted", "attributed", "min_value", "max_value")
#: All parameters of the page.
PARAMETERS = ("site", "period", "from", "to", *SINGLE, "after", *FILTER_NAMES)
#: The filters that `/api/conversions` and the export have, too.
OF_THE_API = {"goal", "ad"}
ATTRIBUTED = {"true": True, "false": False}
#: The page shows at most this many conversions at once.
LISTED = 50


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The conversions to list. `single`: the parameters of SINGLE that are given. `after`: where the page begins."""

    site: str
    first: str
    last: str
    single: dict[str, str]
    filters: Filters = ()
    after: str = ""


def read_listing(parameters: Mapping[str, str], site: str, today: str) -> Listing:
    """Read what to list. Without days, it is what the dashboard shows without days. Raises Refusal."""
    for name in parameters:
        if name not in PARAMETERS:
            detail = f"The page of conversions has the parameters {', '.join(PARAMETERS)}."
            raise Refusal(400, "unknown_parameter", detail, name[:100])
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
    """The address of the conversions behind a number of the dashboard."""
    chosen = {"model": model or choice.model, "counted": "true", **single}
    return listing_address(
        Listing(site=choice.site, first=choice.first, last=choice.last, single=chosen, filters=choice.filters)
    )


def listing_address(listing: Listing) -> str:
    """The address of a listing."""
    return f"?{urlencode(listing_pairs(listing))}"


def listing_pairs(listing: Listing) -> Pairs:
    """The parameters of a listing."""
    after = [("after", listing.after)] if listing.after else []
    return [*_days(listing), *listing.single.items(), *listing.filters, *after]


def wanted_pairs(listing: Listing) -> Pairs:
    """The parameters of the same list of `/api/conversions`. It lacks some filters; `takes` of `filter_of` has them."""
    single = [(name, value) for name, value in listing.single.items() if name != "attributed"]
    filters = [(name, value) for name, value in listing.filters if name in OF_THE_API]
    after = [("after", listing.after)] if listing.after else []
    return [*_days(listing), *single, *filters, ("limit", str(LISTED)), *after]


def is_of_the_api(listing: Listing) -> bool:
    """Whether `/api/conversions` and the export have the same list."""
    return "attributed" not in listing.single and {name for name, _ in listing.filters} <= OF_THE_API


def report_pairs_of(listing: Listing) -> Pairs:
    """The parameters with which a report, or the dashboard, has the same days, model and filters."""
    model = [(name, value) for name, value in listing.single.items() if name == "model"]
    return [*_days(listing), *model, *listing.filters]


def filter_of(listing: Listing, query: Query, site: SiteConfig) -> Callable[[ListedConversion], bool]:
    """Whether a conversion is behind a number of the report that has the listing's filters: one of the ads that get
    credit meets all of them; or it has no ad, and no filter asks for one."""
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
