"""Access: programs and people read their own accounts' sites. Another account's site looks like no site."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from tracker.access import READER_AUTHENTICATION, MayRead, readable_site, readable_sites
from tracker.collection.refusal import Refusal
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db


class SiteNames(APIView):
    """A view that answers with the names of all readable sites, or of one."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)

    def get(self, request: Request) -> Response:
        if "site" in request.query_params:
            return Response([readable_site(request, request.query_params["site"]).name])
        return Response(sorted(site.name for site in readable_sites(request)))


@pytest.fixture
def ours() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Ours"), name="ours")


@pytest.fixture
def theirs() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Theirs"), name="theirs")


def ask(query: str = "", user: User | None = None, **headers: str) -> Any:
    request = APIRequestFactory().get(f"/?{query}", headers=headers)
    if user:
        force_authenticate(request, user)
    return SiteNames.as_view()(request)


def with_token(secret: str, query: str = "") -> Any:
    return ask(query, authorization=f"Bearer {secret}")


def test_a_report_token_reads_its_accounts_sites_and_no_others(ours: Site, theirs: Site) -> None:
    _, secret = Token.issue(ours.account, "report")
    assert with_token(secret).data == ["ours"]
    assert with_token(secret, f"site={ours.key}").data == ["ours"]
    assert ask(authorization=f"bearer  {secret}").data == ["ours"]


def test_a_user_reads_the_sites_of_every_account_of_theirs(ours: Site, theirs: Site) -> None:
    user = User.objects.create_user("ann")
    assert ask(user=user).data == []
    ours.account.users.add(user)
    assert ask(user=user).data == ["ours"]
    theirs.account.users.add(user)
    assert ask(user=user).data == ["ours", "theirs"]


def test_staff_read_every_site(ours: Site, theirs: Site) -> None:
    assert ask(user=User.objects.create_user("sue", is_staff=True)).data == ["ours", "theirs"]


def test_another_accounts_site_is_answered_like_an_unknown_one(ours: Site, theirs: Site) -> None:
    _, secret = Token.issue(ours.account, "report")
    absent, foreign = with_token(secret, "site=nowhere"), with_token(secret, f"site={theirs.key}")
    assert absent.status_code == foreign.status_code == 404
    assert absent.data == foreign.data
    assert foreign.data["error"]["code"] == "unknown_site"
    assert foreign.data["error"]["field"] == "site"


@pytest.mark.parametrize("key", ["x%00y", "x" * 5000, "%ff", "%F0%9F%98%80", "%0a", "' OR 1=1 --"])
def test_an_impossible_key_is_an_unknown_site(ours: Site, key: str) -> None:
    _, secret = Token.issue(ours.account, "report")
    assert with_token(secret, f"site={key}").status_code == 404


def test_a_request_without_a_site_says_so(ours: Site) -> None:
    _, secret = Token.issue(ours.account, "report")
    answer = with_token(secret, "site=")
    assert answer.status_code == 400
    assert answer.data["error"]["code"] == "missing_site"


@pytest.mark.parametrize("secret", ["", "made-up", "x" * 5000, "ü"])
def test_an_invalid_token_is_refused_with_the_expected_scheme(secret: str) -> None:
    answer = with_token(secret)
    assert (answer.status_code, answer.data["error"]["code"]) == (401, "bad_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_and_one_that_sends_hits_read_nothing(ours: Site) -> None:
    token, revoked = Token.issue(ours.account, "report")
    token.revoked_at = timezone.now()
    token.save()
    _, ingest = Token.issue(ours.account, "ingest")
    assert [with_token(secret).data["error"]["code"] for secret in (revoked, ingest)] == ["bad_token"] * 2


def test_a_bad_token_is_refused_even_in_a_session(ours: Site, client: Any) -> None:
    """A wrong token is refused even if a session cookie comes with it."""
    user = User.objects.create_user("ann")
    request = APIRequestFactory().get("/", headers={"authorization": "Bearer wrong"})
    request.user = user
    assert SiteNames.as_view()(request).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic dXNlcjpwYXNz"}])
def test_a_request_without_credentials_is_asked_to_sign_in(headers: dict[str, str]) -> None:
    answer = ask(**headers)
    assert (answer.status_code, answer.data["error"]["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_plain_django_pages_follow_the_same_rule(ours: Site, theirs: Site) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert list(readable_sites(request)) == []
    request.user = User.objects.create_user("ann")
    ours.account.users.add(request.user)
    assert list(readable_sites(request)) == [ours]
    with pytest.raises(Refusal):
        readable_site(request, theirs.key)
