"""Set-up: the page that shows a site's snippet, and whether hits come from it."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from conversions.configuration.readable import load_readable
from conversions.marks.marks import first_bucket
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.units.now import now_ms
from reporting.pages.dashboard import refused_today
from reporting.pages.page import Page
from reporting.report.arrivals import hits_lately
from tracker.access import readable_sites
from tracker.collection.hit import iso
from tracker.collection.refusal import Refusal
from tracker.models import script_tag


class SetupPage(Page, LoginRequiredMixin, View):
    """The page that shows a site's snippet. Until the site's first hit has come, it reloads every few seconds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page of the chosen site, or of the first site if none is chosen. If the person has no site, redirect
        to the dashboard, which says what to do."""
        sites = list(readable_sites(request).order_by("name", "pk").values("key", "name"))
        if not sites:
            return redirect("start")
        context: dict[str, Any] = {"sites": sites, "status": 200}
        try:
            site = load_readable(request, request.GET.get("site") or sites[0]["key"])
            context |= setup_context(request, site, now_ms())
        except Refusal as error:
            context |= {"error": error.detail, "status": error.status}
        return render(request, "reporting/setup.html", context, status=context["status"])


def setup_context(request: HttpRequest, site: SiteConfig, now: int) -> dict[str, Any]:
    """Return what the template shows of a site, by name. `now`: ms. Raises one of the errors in `tracker.away.AWAY`."""
    first = first_bucket(site.key)
    return {
        "site": site,
        "snippet": script_tag(request.build_absolute_uri("/").rstrip("/"), site.key),
        "lately": hits_lately(open_to_read(), site, now),
        "first": None if first is None else iso(first),
        "refused": refused_today(site, now),
    }
