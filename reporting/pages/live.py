"""Live: the line with the approximate figures of the present hour. The dashboard fetches it again and again."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.clock import day_of
from conversions.units.now import now_ms
from conversions.units.parameters import check_names, values_of
from reporting.dashboard.choice import Choice
from reporting.pages.site_page import SitePage
from reporting.report.live import read_live
from reporting.report.query import read_query

#: The filters that apply to the present hour. The hour's counters know only goals.
FILTERS = ("goal", "goal!")


class LivePage(SitePage):
    """The line of the present hour, as a piece of a page. It may be filtered by goal."""

    template = "reporting/dashboard/live.html"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield the figures of the present hour. Raises Refusal, or one of the errors in `tracker.away.AWAY`."""
        check_names(self.request.GET, ("site", *FILTERS), "The present hour")
        now = now_ms()
        today = day_of(now, site.timezone)
        filters = [(name, value) for name in FILTERS for value in values_of(self.request.GET, name)]
        query = read_query(QueryDict(urlencode([("from", today), ("to", today), *filters])), site)
        yield {"live": read_live(open_to_read(), query, site, now)}


def live_address(choice: Choice) -> str:
    """Return the address of the line of the present hour, for what the person chose on the dashboard."""
    return (
        f"{reverse('live')}?{urlencode([('site', choice.site), *(one for one in choice.filters if one[0] in FILTERS)])}"
    )
