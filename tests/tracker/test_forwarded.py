"""HTTPS through a proxy that isn't trusted: the start warns, and the pages say what to do."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tracker.checks import LOCAL, find_untrusted_proxy
from tracker.forwarded import ADVICE

pytestmark = pytest.mark.django_db


@pytest.fixture
def untrusted(settings: Any) -> Client:
    """A browser behind a proxy that isn't trusted."""
    settings.TRUSTED_PROXIES, settings.SECURE_PROXY_SSL_HEADER = [], None
    settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS = ["*"], []
    return Client(enforce_csrf_checks=True, headers={"x-forwarded-proto": "https", "accept": "text/html"})


def test_the_pages_say_what_to_do(untrusted: Client) -> None:
    assert ADVICE in untrusted.get("/login").content.decode()
    untrusted.force_login(User.objects.create_user("ann"))
    assert ADVICE in untrusted.get("/").content.decode()


@pytest.mark.parametrize("door", ["/login", "/admin/login/", "/api/auth/login/"])
def test_a_sign_in_refused_because_of_the_proxy_says_so(untrusted: Client, door: str) -> None:
    untrusted.get(door)
    form = {"username": "ann", "password": "x", "csrfmiddlewaretoken": untrusted.cookies["csrftoken"].value}
    answer = untrusted.post(door, form, headers={"origin": "https://tracker.example"})
    assert answer.status_code == 403
    if not door.startswith("/api/"):
        assert answer.content.decode() == ADVICE


def test_behind_a_trusted_proxy_there_is_no_warning(untrusted: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert ADVICE not in untrusted.get("/login", REMOTE_ADDR="10.0.0.1").content.decode()


def test_without_a_proxy_there_is_no_warning() -> None:
    assert ADVICE not in Client().get("/login").content.decode()


@pytest.mark.parametrize(
    ("hosts", "secure", "trusted", "warned"),
    [
        (LOCAL, False, False, False),
        (LOCAL, True, False, True),
        (["tracker.example"], False, False, True),
        (["*"], False, False, True),
        (["tracker.example"], True, True, False),
    ],
)
def test_a_start_warns_if_https_is_expected_and_no_proxy_is_trusted(
    hosts: list[str], secure: bool, trusted: bool, warned: bool
) -> None:
    found = find_untrusted_proxy(hosts, secure, trusted)
    assert [one.id for one in found] == (["hitledger.W001"] if warned else [])
