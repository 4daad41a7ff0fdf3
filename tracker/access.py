"""Access: a request -> the sites that it may read. A program sends its account's report token; a person is signed
in."""

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
    """Reads `Authorization: Bearer REPORT_TOKEN`. `request.auth` is the Token, and the user is anonymous."""

    kind = Token.Kind.REPORT

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        """Return an anonymous user and the token; None if the request has no bearer token. Raises
        AuthenticationFailed."""
        secret = read_bearer(get_authorization_header(request).decode("latin-1"))
        if secret is None:
            return None
        token = Token.find(secret, self.kind) if secret else None
        if token is None:
            raise AuthenticationFailed(f"This is no valid {self.kind} token.", "bad_token")
        return AnonymousUser(), token

    def authenticate_header(self, _request: Request) -> str:
        """The WWW-Authenticate header of a 401. DRF takes it from the view's first authentication class."""
        return SCHEME


class IngestTokenAuthentication(ReportTokenAuthentication):
    """Reads `Authorization: Bearer INGEST_TOKEN`. `request.auth` is the Token, and the user is anonymous."""

    kind = Token.Kind.INGEST


class ReportTokenScheme(OpenApiAuthenticationExtension):
    """The description of the report token in /api/schema."""

    target_class = ReportTokenAuthentication
    name = "reportToken"

    def get_security_definition(self, _auto_schema: object) -> dict[str, str]:
        """A bearer token in the header."""
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix=SCHEME)


class IngestTokenScheme(ReportTokenScheme):
    """The description of the ingest token in /api/schema."""

    target_class = IngestTokenAuthentication
    name = "ingestToken"


#: The authentications of views for programs and people.
READER_AUTHENTICATION = (ReportTokenAuthentication, SessionAuthentication)


class MayRead(BasePermission):
    """Allows requests with a valid report token, and signed-in users. `readable_sites` says which sites they may
    read."""

    def has_permission(self, request: Request, _view: APIView) -> bool:
        """Whether the request has a token or a user."""
        return isinstance(request.auth, Token) or request.user.is_authenticated


def readable_sites(request: Request | HttpRequest) -> QuerySet[Site]:
    """The sites that a request may read: those of the token's account, or of the signed-in user's accounts. Staff may
    read all sites. A request without token and user may read none."""
    token, user = getattr(request, "auth", None), request.user
    if isinstance(token, Token):
        return Site.objects.filter(account=token.account_id)
    if not user.is_authenticated:
        return Site.objects.none()
    return Site.objects.all() if user.is_staff else Site.objects.filter(account__users=user)


def readable_site(request: Request | HttpRequest, key: str) -> Site:
    """Find the site with a public key. Raises Refusal. Its answer is the same for a missing site and for another
    account's site."""
    if not key:
        raise Refusal(400, "missing_site", "Name the site by its public key.", "site")
    # A text that can't be a key is not looked up. PostgreSQL raises an error for a NUL, for example.
    known = len(key) <= MAX_SITE_KEY and key.isascii() and key.isprintable()
    site = readable_sites(request).filter(key=key).first() if known else None
    if site is None:
        raise Refusal(404, "unknown_site", "No site that you may read has this key.", "site")
    return site
