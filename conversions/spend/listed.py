"""Listed: reads the parameters of a list of spend, and makes its rows and positions. Pure."""

import re
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from conversions.facts.ad_names import AdNames
from conversions.spend.days import is_day, read_days
from conversions.spend.lines import SpendLine
from conversions.spend.naming import as_touch
from conversions.units.formats import Amount, Day
from conversions.units.micros import six_places
from conversions.units.parameters import check_names, read_limit
from tracker.collection.refusal import Refusal

PARAMETERS = ("site", "from", "to", "source", "limit", "after")
#: The largest number of rows on a page, and the default.
MAX_LIMIT, USUAL_LIMIT = 1_000, 100
#: The longest name of a source, in characters.
MAX_SOURCE = 100
_PLACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})")


class Place(NamedTuple):
    """The position of a row in the list of spend: the row's day and id. The list begins with the latest day."""

    day: str
    id: int


class WantedSpend(msgspec.Struct, frozen=True):
    """Which rows a page of the list of spend shows. `first`, `last`: the first and the last day. `source`: only rows of
    this source; empty for all sources. `limit`: how many rows are on a page. `after`: the position after which the page
    begins; None for the first page."""

    first: str
    last: str
    source: str = ""
    limit: int = USUAL_LIMIT
    after: Place | None = None


class StoredSpend(NamedTuple):
    """A row of spend in the database: its id, its source, and what the source reported."""

    id: int
    source: str
    line: SpendLine


class SpendTags(msgspec.Struct, frozen=True):
    """The utm tags of the clicks on which the money was spent."""

    source: str
    medium: str
    campaign: str
    content: str
    term: str


class SpendAd(msgspec.Struct, frozen=True):
    """The ad to which spend belongs by the present configuration, under its name in reports."""

    ad: str
    campaign: str
    configured: bool


class ListedSpend(msgspec.Struct, frozen=True, kw_only=True):
    """The spend of one day and one ad, as a source reported it."""

    day: Day
    source: Annotated[str, Meta(description="The source that reported it.")]
    ad: Annotated[str, Meta(description="The key of the ad, if the source names one; otherwise empty.")]
    utm: SpendTags
    network: str
    cost: Amount
    currency: str
    clicks: Annotated[int, Meta(description="The number that the ad network counted.")]
    impressions: int
    belongs_to: SpendAd


def read_wanted(parameters: Mapping[str, str]) -> WantedSpend:
    """Read and check the parameters of a list of spend. Empty optional parameters are ignored. Raises Refusal."""
    check_names(parameters, PARAMETERS, "A list of spend")
    first, last = read_days(parameters.get("from", ""), parameters.get("to", ""))
    source = read_source(parameters) if parameters.get("source") else ""
    return WantedSpend(
        first, last, source, read_limit(parameters.get("limit") or "", MAX_LIMIT, USUAL_LIMIT), read_place(parameters)
    )


def read_source(parameters: Mapping[str, str]) -> str:
    """Read the name of a source from the parameter `source`. Raises Refusal."""
    source = parameters.get("source", "").strip()
    if not 0 < len(source) <= MAX_SOURCE or "\0" in source:
        detail = f"source is the name of what says it, such as google, of at most {MAX_SOURCE} characters."
        raise Refusal(400, "invalid", detail, "source")
    return source


def write_place(place: Place) -> str:
    """Write the position of a row as text for a URL, such as `2026-11-23.17`."""
    return f"{place.day}.{place.id}"


def read_place(parameters: Mapping[str, str]) -> Place | None:
    """Read the position of a row from the parameter `after`. None if it is absent. Raises Refusal."""
    text = parameters.get("after") or ""
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if not found or not is_day(found[1]):
        raise Refusal(400, "bad_page", "Take the URL of the next page from `next` of the page before it.", "after")
    return Place(found[1], int(found[2]))


def list_row(row: StoredSpend, ads: AdNames) -> ListedSpend:
    """Return a stored row of spend as the API lists it, with the ad to which it belongs."""
    line, names = row.line, row.line.names
    belongs = ads.name(as_touch(names))
    return ListedSpend(
        day=line.day,
        source=row.source,
        ad=names.ad,
        utm=SpendTags(names.source, names.medium, names.campaign, names.content, names.term),
        network=names.network,
        cost=six_places(line.cost),
        currency=line.currency,
        clicks=line.clicks,
        impressions=line.impressions,
        belongs_to=SpendAd(belongs.ad, belongs.campaign, belongs.configured),
    )
