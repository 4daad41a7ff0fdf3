"""Dashboard: the page after sign-in, with the figures of a site. The page's address says what the person chose, such as
site and days."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from conversions.marks.marks import first_bucket
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.clock import day_of
from conversions.units.now import now_ms
from reporting.dashboard.chart import chart_of, chart_pairs
from reporting.dashboard.choice import Choice, Pairs, read_choice, report_pairs, table_pairs
from reporting.dashboard.dashboard import dashboard_of, menus_of
from reporting.pages.live import live_address
from reporting.pages.page import POLICY
from reporting.pages.site_page import SitePage
from reporting.report.answer import answer
from reporting.report.query import Query, read_query
from tracker.models import RefusedCount, script_tag


class DashboardPage(SitePage):
    """The page after sign-in. It shows a site's figures. Before the site's first hit, it also shows the snippet. It
    tells a person without a site what to do."""

    template = "reporting/dashboard.html"
    needs_site = False
    #: The page's script fetches the line of the present hour.
    policy = f"{POLICY}; connect-src 'self'"

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield the site's snippet, what the person chose, and the report. Raises Refusal."""
        now = now_ms()
        # Before the first hit there is nothing else to do. Later the page Set-up has the snippet.
        yield {
            "snippet": "" if first_bucket(site.key) else script_tag(origin_of(self.request), site.key),
            "refused": refused_today(site, now),
        }
        choice = read_choice(self.request.GET, site.key, day_of(now, site.timezone))
        yield {"choice": choice, "menus": menus_of(choice, site)}
        yield report_context(choice, site, now)


def origin_of(request: HttpRequest) -> str:
    """Return the tracker's address as the browser knows it, such as https://tracker.example."""
    return request.build_absolute_uri("/").rstrip("/")


def report_context(choice: Choice, site: SiteConfig, now: int) -> dict[str, Any]:
    """Return what the template shows of a report, by name: its figures, its chart, and their addresses in the API.
    `now`: ms. Raises Refusal."""
    store = open_to_read()
    report = answer(store, query_of(table_pairs(choice), site), site, now)
    by_time = answer(store, query_of(chart_pairs(choice), site), site, now)
    return {
        "report": report,
        "chart": chart_of(by_time, choice, site, now),
        "dashboard": dashboard_of(report, choice),
        "live_from": live_address(choice),
        "csv": report_address([*report_pairs(choice), ("format", "spreadsheet")]),
        "json": report_address(table_pairs(choice)),
        "chart_json": report_address(chart_pairs(choice)),
    }


def query_of(pairs: Pairs, site: SiteConfig) -> Query:
    """Convert the parameters of a report to a checked Query. Raises Refusal."""
    return read_query(QueryDict(urlencode(pairs)), site)


def report_address(pairs: Pairs) -> str:
    """Return the address at which the API gives the report with these parameters."""
    return f"{reverse('conversion_report')}?{urlencode(pairs)}"


def refused_today(site: SiteConfig, now: int) -> list[RefusedCount]:
    """Read how many hits of the site were refused on its present day: one count for each code, the largest first.
    `now`: ms."""
    today = date.fromisoformat(day_of(now, site.timezone))
    return list(RefusedCount.of_days(site.key, today, today))
