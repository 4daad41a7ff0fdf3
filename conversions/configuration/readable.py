"""Readable: reads the present configuration of a site if the client may read the site. No cache is used."""

from django.http import HttpRequest
from rest_framework.request import Request

from conversions.configuration.loading import load_site
from conversions.rules.site import SiteConfig
from tracker.access import readable_site
from tracker.collection.refusal import Refusal


def load_readable(request: Request | HttpRequest, key: str) -> SiteConfig:
    """Read a site's configuration. Raises Refusal if there is no such site or the client may not read it."""
    site = load_site(readable_site(request, key).key)
    if site is None:
        raise Refusal(404, "unknown_site", "The site was deleted just now.", "site")
    return site
