"""Access: finds the sites that a request may read. Programs send their account's report token; people are signed in."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.bearer import SCHEME, read_bearer
from tracker.collection.refusal import Refusal
from tracker.models import Site, Token

MAX_SITE_KEY = 64


class ReportTokenAuthentication(BaseAuthentication):
    """DRF authentication by `Authorization: Bearer REPORT_TOKEN`. It sets `request.auth` to the Token, and
    `request.user` to an anonymous user."""

    kind = Token.Kind.REPORT

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        """Return an anonymous user and the valid token; None if the request has no bearer token. Raises
        AuthenticationFailed."""
        secret = read_bearer(get_authorization_header(request).decode("latin-1"))
        if secret is None:
            return None
        token = Token.find(secret, self.kind) if secret else None
        if token is None:
            raise AuthenticationFailed(f"This is no valid {self.kind} token.", "bad_token")
        return AnonymousUser(), token

    def authenticate_header(self, _request: Request) -> str:
        """Return the WWW-Authenticate header of a 401 answer. DRF asks the first authentication class of the view for
        it."""
        return SCHEME


class IngestTokenAuthentication(ReportTokenAuthentication):
    """DRF authentication by `Authorization: Bearer INGEST_TOKEN`. It sets `request.auth` to the Token, and
    `request.user` to an anonymous user."""

    kind = Token.Kind.INGEST


class ReportTokenScheme(OpenApiAuthenticationExtension):
    """Describes the authentication by report token in /api/schema."""

    target_class = ReportTokenAuthentication
    name = "reportToken"

    def get_security_definition(self, _auto_schema: object) -> dict[str, str]:
        """Return OpenAPI's definition of a bearer token in the Authorization header."""
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix=SCHEME)


class IngestTokenScheme(ReportTokenScheme):
    """Describes the authentication by ingest token in /api/schema."""

    target_class = IngestTokenAuthentication
    name = "ingestToken"


#: The authentication classes of views that programs and people may read.
READER_AUTHENTICATION = (ReportTokenAuthentication, SessionAuthentication)


class MayRead(BasePermission):
    """Allows a request that has a valid report token or a signed-in user. `readable_sites` says which sites it may
    read."""

    def has_permission(self, request: Request, _view: APIView) -> bool:
        """Whether the request has a valid token or a signed-in user."""
        return isinstance(request.auth, Token) or request.user.is_authenticated


def readable_sites(request: Request | HttpRequest) -> QuerySet[Site]:
    """Return the sites that a request may read: the sites of the token's account, or of the signed-in user's accounts.
    Staff may read all sites. A request without a token and a user may read none."""
    token, user = getattr(request, "auth", None), request.user
    if isinstance(token, Token):
        return Site.objects.filter(account=token.account_id)
    if not user.is_authenticated:
        return Site.objects.none()
    return Site.objects.all() if user.is_staff else Site.objects.filter(account__users=user)


def readable_site(request: Request | HttpRequest, key: str) -> Site:
    """Find the site with a public key. Raises Refusal. The refusal is the same for a missing site and for another
    account's site."""
    if not key:
        raise Refusal(400, "missing_site", "Name the site by its public key.", "site")
    # The database is asked only for texts that can be keys: PostgreSQL raises an error for a NUL, for example.
    known = len(key) <= MAX_SITE_KEY and key.isascii() and key.isprintable()
    site = readable_sites(request).filter(key=key).first() if known else None
    if site is None:
        raise Refusal(404, "unknown_site", "No site that you may read has this key.", "site")
    return site
