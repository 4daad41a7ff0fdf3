"""Set-up: the page that shows a site's snippet, and whether hits come from it."""

from collections.abc import Iterator
from typing import Any

from conversions.marks.marks import first_bucket
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.now import now_ms
from reporting.pages.dashboard import refused_today, snippet_of
from reporting.pages.site_page import SitePage
from reporting.report.arrivals import hits_lately
from tracker.collection.hit import iso


class SetupPage(SitePage):
    """The page that shows a site's snippet. Until the site's first hit has come, it reloads every few seconds."""

    template = "reporting/setup.html"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield the site's snippet, and what has come from it. Raises one of the errors in `tracker.away.AWAY`."""
        now, first = now_ms(), first_bucket(site.key)
        yield {
            "snippet": snippet_of(self.request, site),
            "lately": hits_lately(open_to_read(), site, now),
            "first": None if first is None else iso(first),
            "refused": refused_today(site, now),
        }
