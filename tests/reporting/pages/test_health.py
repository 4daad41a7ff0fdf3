"""The page of tracking health: what came last, what was refused, and which clicks, costs and goals need care."""

import re
from typing import get_args

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversions.rules.reasons import RejectedCode
from conversions.store.adapters import open_store
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.units.now import now_ms
from reporting.health import ads
from reporting.report import report
from reporting.wording.remedies import REFUSED, REJECTED
from tests.conversions.api.test_rejected import refused
from tests.reporting.pages.test_dashboard import text_of
from tests.reports import DatedShop, marker_came_through
from tests.running import CHECKOUT
from tests.surface import days_ago
from tracker.collection.hit import iso

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


def shop_of(store: Store, client: Client, is_staff: bool = False) -> DatedShop:
    """Return a shop. A user of the shop's account is signed in. With `is_staff`, this user may make ads."""
    shop = DatedShop(store)
    user = User.objects.create_user("ann", is_staff=is_staff, is_superuser=is_staff)
    shop.account.users.add(user)
    client.force_login(user)
    return shop


def spend(client: Client, shop: DatedShop, *lines: str) -> None:
    file = SimpleUploadedFile("spend.csv", "\n".join(("day,ad,cost,clicks", *lines)).encode())
    form = {"site": shop.key, "source": "mine", "action": "import", "file": file}
    assert "Imported" in text_of(client.post("/spend", form))


def test_each_finding_is_shown_with_what_to_do_on_both_stores(opened_store: Store, client: Client) -> None:
    shop, now = shop_of(opened_store, client, is_staff=True), now_ms()
    ago = [now - days * DAY_MS for days in range(12)]
    tagged = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=spring"
    shop.receive(
        *(shop.sale(iso(at), 10, visitor=f"v{at}") for at in ago[8:]),
        *(shop.hit("page", at, visitor=f"v{at}", url=tagged) for at in ago[8:]),
        shop.click(now - DAY_MS, visitor="bob"),
        shop.hit("page", now, url="https://shop.example/"),
        shop.hit("conversion", now, name="nonsense"),
    )
    marker_came_through([iso(now)])
    refused(shop, str(days_ago(1)), "bad_id", 3, sales=1)
    spend(client, shop, f"{days_ago(2)},summer,5,0", f"{days_ago(2)},idle,7.5,9")
    page = client.get("/health")
    text = text_of(page)
    assert page.status_code == 200
    assert re.search(r"Hits of any kind \d+ \w+ \d{4}, \d\d:00 [12] ", text)
    assert "purchase was last met on" in text
    # Shortly after midnight, yesterday isn't complete yet.
    assert re.search("and not in the [67] whole days since. Its longest pause before was less than a day.", text)
    assert "3 hits (1 sale) bad_id , last on" in text
    assert f"What to do: {REFUSED['bad_id']}" in text
    assert f"1 hit no_goal . {REJECTED['no_goal'].meaning}" in text
    assert "google/cpc/spring paid_search 4 4 Make an ad of google/cpc/spring" in text
    form = "?key=google-cpc-spring&amp;name=google%2Fcpc%2Fspring&amp;rule-source=google&amp;rule-medium=cpc"
    assert f"/admin/conversions/ad/add/{form}&amp;rule-campaign=spring" in page.content.decode()
    assert "idle not configured other 7.50 9" in text
    assert "summer" not in text
    free = text.partition("Clicks without spend What to do")[2]
    assert "google/cpc/spring not configured paid_search 4 4" in free


def test_a_healthy_site_has_no_findings(client: Client) -> None:
    shop, now = shop_of(open_store(), client), now_ms()
    shop.receive(shop.click(now), shop.sale(iso(now)))
    text = text_of(client.get(f"/health?site={shop.key}"))
    assert (
        "Hits come in Silent goals none Refused hits none Hits that don’t count none Clicks without an ad none" in text
    )
    assert "No spend was imported for these days." in text


def test_a_site_without_hits_is_told_what_to_do(client: Client) -> None:
    shop_of(open_store(), client)
    text = text_of(client.get("/health"))
    assert "No hit happened in the last 24 hours." in text
    assert "Hits of any kind none in 24 hours Clicks on ads none in 8 weeks" in text
    assert "Figures are not complete yet, and no goal counts as silent." in text


def test_only_staff_who_may_make_ads_are_led_to_the_form(client: Client) -> None:
    shop = shop_of(open_store(), client)
    shop.receive(shop.click(now_ms() - HOUR_MS, ad="banner"))
    page = client.get("/health")
    assert "banner other 1 0" in text_of(page)
    assert "Staff of this tracker can do this." in text_of(page)
    assert "/admin/" not in page.content.decode()


def test_too_many_names_are_bounded_and_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, now = shop_of(open_store(), client), now_ms()
    shop.receive(
        *(shop.click(now - 9 * DAY_MS, ad=f"old{number}", visitor=f"v{number}") for number in range(6)),
        *(shop.click(now - 60_000, ad=f"new{number}", visitor=f"v{number}") for number in range(4)),
    )
    monkeypatch.setattr(report, "MAX_ROWS", 5)
    monkeypatch.setattr(ads, "SHOWN", 2)
    text = text_of(client.get("/health"))
    assert "have more than" in text
    assert "are of the last two days" in text
    assert not re.search("old[0-9]", text)
    assert "The 2 largest of 4 names." in text
    monkeypatch.setattr(report, "MAX_ROWS", 3)
    page = client.get("/health")
    assert page.status_code == 400
    assert "What came last" in text_of(page)


def test_another_accounts_site_is_not_found_and_signing_in_is_needed(client: Client) -> None:
    shop_of(open_store(), client)
    assert client.get(f"/health?site={DatedShop(open_store()).key}").status_code == 404
    assert Client().get("/health").headers["Location"] == "/login?next=/health"


def test_every_code_has_a_remedy_and_every_remedy_a_documented_code() -> None:
    assert set(REJECTED) == set(get_args(RejectedCode))
    documented = re.findall(r"^\| `(\w+)`", (CHECKOUT / "docs" / "errors.md").read_text(), flags=re.M)
    assert set(REFUSED) <= set(documented)
