"""What the reading views of support's API share: who may read, of which site, and that nobody keeps the answers."""

from rest_framework.request import Request
from rest_framework.views import APIView

from conversions.site import SiteConfig
from conversions.store.configuration import load_site
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
