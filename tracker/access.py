"""Access: says which sites a request may read. A program sends a report token of its account; a person is signed in."""

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
    """DRF authentication by the header `Authorization: Bearer REPORT_TOKEN`. Then `request.auth` is the Token, and
    `request.user` is an anonymous user."""

    kind = Token.Kind.REPORT

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        """Return an anonymous user and the token that the request has. Return None if the request has no bearer token.
        Raises AuthenticationFailed if the token isn't valid."""
        secret = read_bearer(get_authorization_header(request).decode("latin-1"))
        if secret is None:
            return None
        token = Token.find(secret, self.kind) if secret else None
        if token is None:
            raise AuthenticationFailed(f"This is no valid {self.kind} token.", "bad_token")
        return AnonymousUser(), token

    def authenticate_header(self, _request: Request) -> str:
        """Return the header WWW-Authenticate of a 401 answer: Bearer. DRF calls this for the first authentication class
        of a view."""
        return SCHEME


class IngestTokenAuthentication(ReportTokenAuthentication):
    """DRF authentication by the header `Authorization: Bearer INGEST_TOKEN`. Then `request.auth` is the Token, and
    `request.user` is an anonymous user."""

    kind = Token.Kind.INGEST


class ReportTokenScheme(OpenApiAuthenticationExtension):
    """Describes the sign-in by report token in /api/schema."""

    target_class = ReportTokenAuthentication
    name = "reportToken"

    def get_security_definition(self, _auto_schema: object) -> dict[str, str]:
        """Return OpenAPI's description of a bearer token in the header Authorization."""
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix=SCHEME)


class IngestTokenScheme(ReportTokenScheme):
    """Describes the sign-in by ingest token in /api/schema."""

    target_class = IngestTokenAuthentication
    name = "ingestToken"


#: The authentication classes of views that programs and people may read.
READER_AUTHENTICATION = (ReportTokenAuthentication, SessionAuthentication)


class MayRead(BasePermission):
    """DRF permission for requests with a valid report token, and for people who are signed in. The view itself must
    read only the sites of `readable_sites`."""

    def has_permission(self, request: Request, _view: APIView) -> bool:
        """Whether the request has a valid report token or comes from a person who is signed in."""
        return isinstance(request.auth, Token) or request.user.is_authenticated


def readable_sites(request: Request | HttpRequest) -> QuerySet[Site]:
    """Return the sites that a request may read: those of the token's account, or those of the accounts of the person
    who is signed in. Staff may read all sites. A request with neither a token nor a person may read none."""
    token, user = getattr(request, "auth", None), request.user
    if isinstance(token, Token):
        return Site.objects.filter(account=token.account_id)
    if not user.is_authenticated:
        return Site.objects.none()
    return Site.objects.all() if user.is_staff else Site.objects.filter(account__users=user)


def readable_site(request: Request | HttpRequest, key: str) -> Site:
    """Return the site with this public key, if the request may read it. Raises Refusal, which doesn't reveal whether
    another account has a site with this key."""
    if not key:
        raise Refusal(400, "missing_site", "Name the site by its public key.", "site")
    # Only a text that can be a key is looked up. For other texts, such as one with a NUL, PostgreSQL raises an error.
    known = len(key) <= MAX_SITE_KEY and key.isascii() and key.isprintable()
    site = readable_sites(request).filter(key=key).first() if known else None
    if site is None:
        raise Refusal(404, "unknown_site", "No site that you may read has this key.", "site")
    return site
