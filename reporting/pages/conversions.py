"""Conversions: the page behind a number of conversions on the dashboard. It lists these conversions, newest first, each
with a link to its explanation."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import QueryDict
from django.urls import reverse

from conversions.attribution.credit import MODELS
from conversions.explain.newest import FoundConversions, find_newest
from conversions.explain.wanted import Wanted, read_wanted
from conversions.marks.marks import known_parts
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.clock import day_of
from conversions.units.now import now_ms
from reporting.dashboard.chips import chips_of
from reporting.dashboard.choice import Filters
from reporting.dashboard.listing import (
    LISTED,
    Listing,
    listing_address,
    listing_pairs,
    read_listing,
    report_pairs_of,
    wanted_pairs,
)
from reporting.pages.site_page import SitePage
from reporting.wording.listed import ListedLine, line_of

#: The search for a page's conversions ends after this many seconds, because few may meet its filters.
PAGE_SECONDS = 2.0


class ConversionsPage(SitePage):
    """The page that lists the conversions of some days that meet the filters of a report."""

    template = "reporting/conversions.html"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield what the person chose, and the list. Raises Refusal."""
        listing = read_listing(self.request.GET, site.key, day_of(now_ms(), site.timezone))
        yield {"models": MODELS, "listing": listing}
        yield list_context(site, listing)


def list_context(site: SiteConfig, listing: Listing) -> dict[str, Any]:
    """Return what the template shows of a site's list, by name. Raises Refusal."""
    wanted = read_wanted(QueryDict(urlencode([*listing_pairs(listing), ("limit", str(LISTED))])), site)
    found = find(site, wanted)
    more = msgspec.structs.replace(listing, after=found.next) if found.next else None
    api = urlencode(wanted_pairs(listing))
    return {
        "lines": lines_of(found),
        "model": wanted.model,
        "more": more and listing_address(more),
        "chips": chips_of(listing.filters, lambda filters: listing_address(with_filters(listing, filters))),
        "dashboard": f"{reverse('start')}?{urlencode(report_pairs_of(listing))}",
        "first": listing_address(msgspec.structs.replace(listing, after="")) if listing.after else "",
        "json": f"{reverse('conversions')}?{api}",
        "csv": f"{reverse('conversion_export')}?{api}",
    }


def with_filters(listing: Listing, filters: Filters) -> Listing:
    """Return the list from its first page, with these filters in place of its own."""
    return msgspec.structs.replace(listing, filters=filters, after="")


def find(site: SiteConfig, wanted: Wanted) -> FoundConversions:
    """Find the conversions of the list's present page."""
    began = time.monotonic()
    return find_newest(open_to_read(), site, wanted, known_parts, lambda: time.monotonic() - began > PAGE_SECONDS)


def lines_of(found: FoundConversions) -> list[ListedLine]:
    """Return the lines that the page shows: one for each conversion that was found."""
    return [line_of(one) for one in found.conversions]
