"""The set-up page: the snippet, and whether hits come in."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from tests.reporting.pages.test_dashboard import text_of
from tests.reports import DatedShop
from tracker.collection.hit import iso
from tracker.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None, client: Client) -> DatedShop:
    """A shop without hits. A user of its account is signed in."""
    shop = DatedShop(open_store(), timezone="Europe/Berlin")
    user = User.objects.create_user("ann")
    shop.account.users.add(user)
    client.force_login(user)
    return shop


def test_the_page_waits_for_the_first_hit_and_says_when_it_is_here(client: Client, shop: DatedShop) -> None:
    page = client.get("/setup")
    assert f'data-site="{shop.key}"' in text_of(page)
    assert "Waiting for a hit." in text_of(page)
    assert 'id="waiting"' in page.content.decode()
    shop.process(shop.hit("page", iso(now_ms()), url="https://shop.example/"))
    assert "Hits come in: 1 in this hour and the hour before" in text_of(client.get("/setup"))


def test_a_site_that_fell_silent_is_not_taken_for_a_new_one(client: Client, shop: DatedShop) -> None:
    shop.receive(shop.click("2026-01-05T10:00Z"))
    text = text_of(client.get("/setup"))
    assert "No hit came in this hour and the hour before. The first one came on 5 Jan 2026" in text


def test_another_accounts_site_is_not_found(client: Client, shop: DatedShop) -> None:
    assert client.get(f"/setup?site={DatedShop(open_store()).key}").status_code == 404


def test_people_without_a_site_and_people_who_are_not_signed_in_see_no_snippet(client: Client, shop: DatedShop) -> None:
    client.force_login(User.objects.create_user("new"))
    assert [client.get(path).headers["Location"] for path in ("/setup", "/conversions")] == ["/", "/"]
    client.logout()
    assert client.get("/setup").headers["Location"] == "/login?next=/setup"


def test_the_recipes_have_the_sites_key_and_a_server_can_send_them(client: Client, shop: DatedShop) -> None:
    text = text_of(client.get("/setup"))
    assert f"http://testserver/click/{shop.key}/summer" in text
    assert 'hitledger("purchase", {"order": "A-1", "value": "29.90", "currency": "EUR"})' in text
    _, secret = Token.issue(shop.account, "ingest")
    bodies = re.findall(r"curl http://testserver/collect .*? -d '(.*?)'", text)
    token = {"authorization": f"Bearer {secret}"}
    sent = [client.post("/collect", body, "application/json", headers=token) for body in bodies]
    assert [answer.json() for answer in sent] == [{"accepted": 1, "rejected": []}] * 2


def test_staff_make_a_token_whose_secret_is_shown_once(client: Client, shop: DatedShop) -> None:
    sam = User.objects.create_user("sam", is_staff=True)
    sam.user_permissions.add(Permission.objects.get(codename="add_token"))
    client.force_login(sam)
    made = client.post("/setup", {"site": shop.key, "kind": "ingest"})
    (secret,) = re.findall(r"hl_ingest_[\w-]{40,}", made.content.decode())
    token = Token.find(secret, "ingest")
    assert token is not None
    assert token.account == shop.account
    assert LogEntry.objects.get().user == sam
    # The page doesn't load itself again, which would make another token.
    assert 'id="waiting"' not in made.content.decode()
    again = client.get(f"/setup?site={shop.key}")
    assert secret not in again.content.decode()
    assert f"{secret[:12]}… sends hits, made on" in text_of(again)
    token.revoke(timezone.now())
    assert secret[:12] not in text_of(client.get(f"/setup?site={shop.key}"))


@pytest.mark.parametrize(("staff", "kind", "status"), [(False, "ingest", 403), (True, "root", 400)])
def test_no_token_is_made_by_others_or_of_an_unknown_kind(
    client: Client, shop: DatedShop, staff: bool, kind: str, status: int
) -> None:
    User.objects.filter(username="ann").update(is_staff=staff, is_superuser=staff)
    before = Token.objects.count()
    answer = client.post("/setup", {"site": shop.key, "kind": kind})
    assert answer.status_code == status
    assert Token.objects.count() == before
    assert ("Staff of this tracker make and revoke tokens." in text_of(answer)) is not staff


def test_a_form_of_another_site_makes_no_token(shop: DatedShop) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root"))
    assert strict.post("/setup", {"site": shop.key, "kind": "ingest"}).status_code == 403
