"""The set-up page: the snippet, and whether hits come in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.store.adapters import open_store
from conversions.units.now import now_ms
from tests.reporting.pages.test_dashboard import text_of
from tests.reports import DatedShop
from tracker.collection.hit import iso

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
