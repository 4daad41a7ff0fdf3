"""What the reading views of support's API share: who may read, and of which site."""

from rest_framework.request import Request
from rest_framework.views import APIView

from conversions.configuration.loading import load_site
from conversions.rules.site import SiteConfig
from tracker.access import READER_AUTHENTICATION, MayRead, readable_site
from tracker.errors import Refused


class ReaderView(APIView):
    """Read by programs with a report token and by people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)


def load_readable(request: Request, key: str) -> SiteConfig:
    """The configuration, uncached, of a site that may be read. Raises Refused."""
    site = load_site(readable_site(request, key).key)
    if site is None:
        raise Refused(404, "unknown_site", "No site that you may read has this key.", "site")
    return site
