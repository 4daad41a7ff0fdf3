"""Cache-Control: browsers and caches may keep only public files."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from tracker.api_root import paths_of
from tracker.models import Account

pytestmark = pytest.mark.django_db

#: Every address without a parameter, except those with their own rules.
PATHS = sorted({*paths_of(get_resolver().url_patterns)} - {"t.js", "metrics", "readyz"})


def test_answers_and_refusals_are_not_cached(admin_client: Client) -> None:
    for path in [*PATHS, "nothing", "api/accounts/1", "click/none/none"]:
        for client in (Client(), admin_client):
            assert "no-store" in client.get(f"/{path}").headers.get("Cache-Control", ""), path


def test_the_secret_of_a_token_is_not_cached(admin_client: Client) -> None:
    account = Account.objects.create(name="Bike Shop").pk
    made = admin_client.post("/api/tokens", {"account": account, "kind": "report"}, "application/json")
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")


def test_the_refusal_of_a_form_without_its_token_is_not_cached() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ann"))
    assert client.post("/login")["Cache-Control"] == "no-store"


def test_the_snippet_and_static_files_are_cached(client: Client) -> None:
    for path in ("/t.js", "/static/reporting/pages.css"):
        assert "max-age" in client.get(path)["Cache-Control"]
