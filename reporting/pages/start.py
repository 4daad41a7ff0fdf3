"""Start: a chosen site -> the start page, with the site's snippet and its report."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from conversions.attribution.credit import MODELS
from conversions.configuration.readable import load_readable
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.clock import day_of, next_day
from conversions.units.now import now_ms
from reporting.pages.page import Page
from reporting.report.answer import answer
from reporting.report.query import read_query
from tracker.access import readable_sites
from tracker.collection.refusal import Refusal
from tracker.models import RefusedCount, script_tag

DAYS_SHOWN = 30


class StartPage(Page, LoginRequiredMixin, View):
    """A site's snippet and its report."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the chosen site, or the first site if none is chosen."""
        sites = list(readable_sites(request).order_by("name", "pk").values("key", "name"))
        context: dict[str, Any] = {"sites": sites, "models": MODELS}
        if not sites:
            return render(request, "reporting/start.html", context)
        try:
            site = load_readable(request, request.GET.get("site") or sites[0]["key"])
            context |= site_context(request, site, now_ms())
        except Refusal as error:
            return render(request, "reporting/start.html", {**context, "error": error.detail}, status=error.status)
        return render(request, "reporting/start.html", context, status=context["status"])


def site_context(request: HttpRequest, site: SiteConfig, now: int) -> dict[str, Any]:
    """The values that the page shows for a site: the report, or the reason why there is none."""
    wanted = wanted_parameters(request, site, now)
    context = {
        "site": site,
        "wanted": wanted,
        "snippet": script_tag(request.build_absolute_uri("/").rstrip("/"), site.key),
        "refused": refused_today(site, now),
        "status": 200,
    }
    try:
        query = read_query(wanted, site)
        report = answer(open_to_read(), query, site, now)
    except Refusal as error:
        return {**context, "error": error.detail, "status": error.status}
    csv = f"{reverse('conversion_report')}?{urlencode({**wanted, 'format': 'spreadsheet'})}"
    return {**context, "report": report, "csv": csv}


def refused_today(site: SiteConfig, now: int) -> list[RefusedCount]:
    """Read the counts of refused hits on the site's present day, the largest first."""
    today = date.fromisoformat(day_of(now, site.timezone))
    return list(RefusedCount.of_days(site.key, today, today))


def wanted_parameters(request: HttpRequest, site: SiteConfig, now: int) -> dict[str, str]:
    """The parameters of the report. By default it covers the last 30 days, today included."""
    today = day_of(now, site.timezone)
    return {
        "site": site.key,
        "from": request.GET.get("from") or next_day(today, 1 - DAYS_SHOWN),
        "to": request.GET.get("to") or today,
        "model": request.GET.get("model") or "last",
    }
