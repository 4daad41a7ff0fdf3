"""Site page: the base of the pages that show one site, chosen by the parameter `site`."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from conversions.configuration.readable import load_readable
from conversions.rules.site import SiteConfig
from reporting.pages.page import Page
from tracker.access import readable_sites
from tracker.collection.refusal import Refusal


class SitePage(Page, LoginRequiredMixin, View):
    """Base of the pages that show one site: the chosen site, or the first site of the signed-in person."""

    #: The path of the template.
    template = ""
    #: Whether a person who has no site is led to the dashboard, which says what to do.
    needs_site = True

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield what the template shows of a site, by name. If this raises Refusal, the page shows the refusal beside
        what was yielded before."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        return self.show(request.GET.get("site", ""), {})

    def show(self, key: str, given: dict[str, Any]) -> HttpResponse:
        """Render the page of the site with this key. If the key is "", render the page of the person's first site.
        `given`: further values for the template."""
        sites = list(readable_sites(self.request).order_by("name", "pk").values("key", "name"))
        if not sites and self.needs_site:
            return redirect("start")
        context: dict[str, Any] = {"sites": sites, "status": 200, **given}
        try:
            if sites:
                context["site"] = site = load_readable(self.request, key or sites[0]["key"])
                for found in self.values(site):
                    context |= found
        except Refusal as error:
            context |= {"error": error.detail, "status": error.status}
        return render(self.request, self.template, context, status=context["status"])
