"""Sites and admission: which hits are accepted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tracker.admission import CantCheck, TooFast, check_rate, read_token
from tracker.collection.collect import Collected, Sender, SiteEntry, collect
from tracker.collection.refusal import Refusal
from tracker.models import Account, Site, Token
from tracker.site_cache import SITES, TOKENS, TokenEntry, look_up_sites, look_up_token

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000_000


@pytest.fixture(autouse=True)
def nothing_cached() -> Iterator[None]:
    SITES.forget()
    TOKENS.forget()
    yield
    SITES.forget()
    TOKENS.forget()


@pytest.fixture
def site() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Shop", hits_per_second=2), name="Shop")


@pytest.fixture
def other_site() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Other"), name="Other", hits_per_second=1)


def collected(*keys: str, token: TokenEntry | None = None) -> Collected:
    """Collect a request with a hit for each key."""
    sender = Sender(received=NOW, salt=b"salt", account=token.account if token else None)
    return collect("", json.dumps([{"site": key} for key in keys]).encode(), "", "", sender, SITES.find_all)


def break_database() -> None:
    """Rename a table within the transaction, so that every look-up fails."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracker_site RENAME TO away")
        cursor.execute("ALTER TABLE tracker_token RENAME TO away_too")


def test_a_site_and_a_token_are_found_with_their_account_and_rate(site: Site) -> None:
    _, secret = Token.issue(site.account, "ingest")
    entry = SiteEntry(account=site.account_id, currency="USD", secret=site.click_secret)
    assert look_up_sites([site.key, "none"]) == {site.key: entry}
    assert look_up_token(secret) == TokenEntry(site.account_id, 2)
    assert look_up_token("none") is None


def test_a_revoked_token_and_one_for_reports_send_no_hits(site: Site) -> None:
    token, revoked = Token.issue(site.account, "ingest")
    Token.objects.filter(pk=token.pk).update(revoked_at="2026-01-01T00:00Z")
    _, report = Token.issue(site.account, "report")
    for secret in (revoked, report, "made-up", "x" * 5000, ""):
        with pytest.raises(Refusal) as refusal:
            read_token(f"Bearer {secret}")
        assert (refusal.value.status, refusal.value.code) == (401, "bad_token")


def test_other_authorization_schemes_are_ignored() -> None:
    assert read_token("") is read_token("Basic dXNlcjpwYXNz") is None


def test_hits_of_known_sites_are_accepted_and_others_are_rejected_alone(site: Site) -> None:
    found = collected(site.key, "unknown", site.key)
    assert sorted(found.hits) == [0, 2]
    assert [(index, reason.code, reason.field) for index, reason in found.rejected.items()] == [
        (1, "unknown_site", "site")
    ]
    assert not any(hit.unchecked for hit in found.hits.values())


def test_many_unknown_sites_in_a_batch_cost_one_query(site: Site, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = collected(site.key, *(f"unknown {n}" for n in range(499)))
    assert sorted(found.hits) == [0]


def test_with_a_token_another_accounts_site_is_unknown(site: Site, other_site: Site) -> None:
    _, secret = Token.issue(site.account, "ingest")
    found = collected(site.key, other_site.key, token=read_token(f"bearer {secret}"))
    assert sorted(found.hits) == [0]
    assert found.rejected[1].code == "unknown_site"


def test_while_the_database_is_away_hits_are_accepted_unchecked(site: Site) -> None:
    break_database()
    assert [hit.unchecked for hit in collected(site.key, "maybe").hits.values()] == [True, True]


def test_while_the_database_is_away_a_request_with_a_token_is_asked_to_retry(site: Site) -> None:
    _, secret = Token.issue(site.account, "ingest")
    break_database()
    with pytest.raises(CantCheck) as refusal:
        read_token(f"Bearer {secret}")
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after) == (503, "unavailable", 2)


def test_a_site_above_its_rate_is_told_when_to_retry(other_site: Site) -> None:
    check_rate(collected(*[other_site.key] * 3), None)
    with pytest.raises(TooFast) as refusal:
        check_rate(collected(other_site.key), None)
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after) == (429, "rate_limited", 3)


def test_with_a_token_the_accounts_rate_counts(site: Site) -> None:
    _, secret = Token.issue(site.account, "ingest")
    token = read_token(f"Bearer {secret}")
    check_rate(collected(site.key, site.key, token=token), token)
    with pytest.raises(TooFast):
        check_rate(collected(site.key, token=token), token)
    check_rate(collected(site.key), None)
