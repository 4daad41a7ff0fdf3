"""Signing in: no sign-in page allows fast guessing of passwords, and guessing delays no hits."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from tests.running import Tracker
from tracker.sign_in import BY_ADDRESS, BY_BOTH, BY_USER, DOORS, count_attempt


@pytest.fixture(autouse=True)
def nothing_tried() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def attempt(door: str, user: str = "ann", address: str = "192.0.2.1", password: str = "wrong") -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post(door, {"username": user, "password": password}, headers={"accept": "text/html"})


@pytest.mark.django_db
def test_tries_on_all_sign_in_pages_count_together_and_others_can_sign_in(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_user("ann", password="right", is_staff=True)
    doors = [DOORS[number % len(DOORS)] for number in range(BY_BOTH)]
    assert {attempt(door).status_code for door in doors} == {200}
    for door in DOORS:
        refused = attempt(door, password="right")
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 3600
    assert attempt("/login", address="192.0.2.2", password="right").status_code == 302
    assert attempt("/login", user="bob").status_code == 200


def test_an_address_that_tries_many_users_is_limited() -> None:
    assert [count_attempt("192.0.2.1", f"user {number}") for number in range(BY_ADDRESS)] == [0.0] * BY_ADDRESS
    assert count_attempt("192.0.2.1", "another") > 0
    assert count_attempt("192.0.2.2", "another") == 0


def test_an_address_that_guesses_locks_nobody_else_out() -> None:
    for _ in range(BY_USER + 1):
        count_attempt("192.0.2.1", "ann")
    assert count_attempt("192.0.2.2", "ann") == 0


def test_many_addresses_that_try_one_user_are_limited() -> None:
    assert [count_attempt(f"192.0.2.{number}", "ann") for number in range(BY_USER)] == [0.0] * BY_USER
    assert count_attempt("198.51.100.1", "ann") > 0
    assert count_attempt("198.51.100.1", "bob") == 0


@pytest.mark.django_db
def test_all_addresses_of_an_ipv6_network_are_one_client(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    tried = [attempt("/login", address=f"2001:db8::{number:x}").status_code for number in range(BY_BOTH + 1)]
    assert tried == [200] * BY_BOTH + [429]
    assert attempt("/login", address="2001:db8:0:1::1").status_code == 200


def test_a_program_gets_a_json_error() -> None:
    for _ in range(BY_BOTH):
        count_attempt("127.0.0.1", "ann")
    answer: Any = Client().post("/api/auth/login/", {"username": "ann", "password": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")


def test_hits_do_not_wait_while_many_try_to_sign_in(tmp_path: Path) -> None:
    with Tracker(tmp_path, {"TRUSTED_PROXIES": "127.0.0.1"}) as tracker:
        tracker.migrate()
        site = tracker.bootstrap()["site"]
        tracker.start("web")

        def guess(number: int) -> int:
            headers = {"X-Forwarded-For": f"192.0.2.{number}", "Accept": "application/json"}
            form = {"username": f"user {number}", "password": "wrong"}
            # An attempt without a form token is refused, but only after it has waited its turn.
            page = requests.Session()
            page.get(f"{tracker.url}/login", headers=headers)
            form["csrfmiddlewaretoken"] = page.cookies["csrftoken"]
            return page.post(f"{tracker.url}/login", form, headers=headers, timeout=30).status_code

        with ThreadPoolExecutor(64) as strangers:
            guesses = [strangers.submit(guess, number) for number in range(64)]
            slowest, accepted = 0.0, 0
            while not all(one.done() for one in guesses):
                began = time.monotonic()
                accepted += requests.get(f"{tracker.url}/collect", {"site": site}, timeout=30).json()["accepted"]
                slowest = max(slowest, time.monotonic() - began)
        assert accepted > 5
        assert slowest < 2
        assert {one.result() for one in guesses} == {200, 429}
