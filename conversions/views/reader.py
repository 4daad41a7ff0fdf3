"""What the reading views of support's API share: who may read, of which site, and that nobody keeps the answers."""

from functools import cache
from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from conversions.explain import Explainer
from conversions.find import read_names
from conversions.site import SiteConfig
from conversions.store.adapters import open_store
from conversions.store.configuration import load_site
from conversions.views.parameters import archive_key
from tracker.access import READER_AUTHENTICATION, MayRead, readable_site
from tracker.errors import Refused


class ReaderView(APIView):
    """Read by programs with a report token and by people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """What is told changes, and is not everybody's."""
        headers: dict[str, str] = super().default_response_headers
        return {**headers, "Cache-Control": "no-store"}


def load_readable(request: Request, key: str) -> SiteConfig:
    """The configuration, uncached, of a site that may be read. Raises Refused."""
    site = load_site(readable_site(request, key).key)
    if site is None:
        raise Refused(404, "unknown_site", "No site that you may read has this key.", "site")
    return site


def explainer(site: SiteConfig) -> Explainer:
    """The explainer over the store that the settings name; it reads a bucket's names once."""

    @cache
    def names(bucket: int) -> Any:
        return read_names(open_store(), site, bucket)

    return Explainer(site, names, archive_key)
