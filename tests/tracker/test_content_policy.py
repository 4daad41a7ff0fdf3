"""Headers for browsers: what an answer may load, and to use only HTTPS."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

pytestmark = pytest.mark.django_db


def policy(path: str) -> str:
    answer: Any = Client().get(path, headers={"accept": "text/html"})
    return str(answer["Content-Security-Policy"])


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/none/", "/api/", "/api/auth/login/"])
def test_the_admin_and_the_api_may_load_only_their_own_files(path: str) -> None:
    told = policy(path)
    assert told.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in told
    assert "script-src" not in told
    assert ("'unsafe-inline'" in told) == path.startswith("/api/")


@pytest.mark.parametrize("path", ["/none", "/healthz", "/t.js", "/click/nobody/ad"])
def test_an_answer_that_is_no_page_may_load_nothing(path: str) -> None:
    assert policy(path) == "default-src 'none'; frame-ancestors 'none'"


def test_a_page_keeps_its_own_policy() -> None:
    assert policy("/login").startswith("default-src 'none'; style-src 'self'; script-src 'self'")


def test_browsers_are_told_to_use_only_https_if_the_operator_says_so(settings: Any) -> None:
    assert "Strict-Transport-Security" not in Client().get("/login", secure=True).headers
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert Client().get("/login", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in Client().get("/login").headers


@pytest.mark.parametrize("password", ["7391840275", "password123", "short"])
def test_an_easily_guessed_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)
