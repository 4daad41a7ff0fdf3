"""The page of conversions: each number of the dashboard leads to its conversions, and these lead to their proof."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.models import Ad
from conversions.store.adapters import open_store
from tests.reporting.pages.test_dashboard import text_of
from tests.reports import DatedShop

pytestmark = pytest.mark.django_db
DAYS = "from=2026-01-05&to=2026-01-07"


@pytest.fixture
def shop(db: None) -> DatedShop:
    """Sales of two campaigns, of a link with tags, of an ad that was only a part, and without an ad."""
    shop = DatedShop(open_store(), timezone="Europe/Berlin")
    campaign = shop.site.campaigns.get(key="sale")
    Ad.objects.create(
        campaign=campaign, key="winter", name="winter", destination="https://shop.example/", channel="mail"
    )
    tagged = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=x"
    shop.receive(
        shop.click("2026-01-05T10:00Z"),
        shop.click("2026-01-05T11:00Z", ad="winter"),
        shop.sale("2026-01-05T12:00Z", 10, order="A"),
        shop.click("2026-01-06T10:00Z", visitor="bob"),
        shop.sale("2026-01-06T11:00Z", 20, visitor="bob", order="B"),
        shop.hit("conversion", "2026-01-06T12:00Z", "bob", name="signup"),
        shop.hit("page", "2026-01-06T10:00Z", "cat", url=tagged),
        shop.sale("2026-01-06T11:00Z", 30, visitor="cat", order="C"),
        shop.sale("2026-01-07T11:00Z", 40, visitor="eve", order="D"),
        shop.sale("2026-01-07T11:00Z", 50, visitor="zoe", order="E"),
        shop.hit("adjustment", "2026-01-07T12:00Z", order="E", kind="retract"),
        shop.sale("2026-01-08T11:00Z", 60, visitor="eve", order="F"),
    )
    return shop


@pytest.fixture
def ann(shop: DatedShop, client: Client) -> User:
    """A user of the shop's account, signed in."""
    user = User.objects.create_user("ann")
    shop.account.users.add(user)
    client.force_login(user)
    return user


def numbers_of(page: str) -> list[tuple[str, str]]:
    """Return each number of the page that links to conversions: the link's address, and the exact amount."""
    found = re.findall(r'<a href="(/conversions\?[^"]*)"><data value="([^"]*)"', page)
    return [(unescape(address), amount) for address, amount in found]


def orders_of(answer: Any) -> list[str]:
    """Return the orders of a page of conversions."""
    rows = re.findall(r'<th scope="row"><a href="/explain/.*?</tr>', answer.content.decode(), flags=re.S)
    return [re.findall(r"<td>(.*?)</td>", row, flags=re.S)[1] for row in rows]


def test_a_number_leads_to_as_many_conversions_as_it_says(client: Client, ann: User) -> None:
    numbers = set()
    for by in ("ad", "campaign", "channel", "source", "goal", "day"):
        page = client.get(f"/?{DAYS}&by={by}&beside=first&compare=none").content.decode()
        found = numbers_of(page)
        assert len(found) > 5
        numbers |= set(found)
    for address, amount in numbers:
        assert len(orders_of(client.get(address))) == float(amount), address


def test_filters_of_the_dashboard_hold_for_the_conversions_behind_its_numbers(client: Client, ann: User) -> None:
    for filters, orders in (
        ("channel=mail", ["A"]),
        ("ad!=winter&goal=purchase", ["D", "C", "B"]),
        ("source=google&medium=cpc", ["C"]),
        ("goal!=purchase", [""]),
    ):
        page = client.get(f"/?{DAYS}&{filters}&compare=none").content.decode()
        (address, amount), *_ = numbers_of(page)
        assert orders_of(client.get(address)) == orders
        assert float(amount) == len(orders)


def test_a_model_that_divides_names_every_ad_with_its_credit(client: Client, ann: User) -> None:
    text = text_of(client.get(f"/conversions?{DAYS}&model=linear&goal=purchase&ad=winter"))
    assert "5 Jan 2026, 13:00:00 purchase A summer 50 % winter 50 % 10.00" in text


def test_a_conversion_that_does_not_count_says_why(client: Client, ann: User) -> None:
    text = text_of(client.get(f"/conversions?{DAYS}&counted=false"))
    assert "Not counted The order was retracted" in text
    assert orders_of(client.get(f"/conversions?{DAYS}&attributed=false")) == ["E", "D"]


def test_a_conversion_leads_to_its_proof_and_the_list_back_to_the_dashboard(client: Client, ann: User) -> None:
    page = client.get(f"/conversions?{DAYS}&goal=purchase&ad=winter")
    proof = re.search(r'href="(/explain/[^"]*)"', page.content.decode())
    assert proof
    assert "Counted: 10.00 EUR, order A" in text_of(client.get(proof[1]))
    back = re.search(r'href="(/\?[^"]*)">These days', page.content.decode())
    assert back
    assert dict(numbers_of(client.get(unescape(back[1])).content.decode()))


def test_a_long_list_comes_in_pages(client: Client, shop: DatedShop, ann: User) -> None:
    shop.receive(*(shop.sale("2026-02-01T11:00Z", 1, visitor=f"v{n}", order=f"O{n}") for n in range(60)))
    address = "/conversions?from=2026-02-01&to=2026-02-01&attributed=false"
    first = client.get(address)
    older = re.search(r'href="(/conversions)?(\?[^"]*after=[^"]*)">Older', first.content.decode())
    assert older
    rest = client.get(f"/conversions{unescape(older[2])}")
    assert (len(orders_of(first)), len(orders_of(rest))) == (50, 10)
    assert len({*orders_of(first), *orders_of(rest)}) == 60
    assert "Older" not in text_of(rest)


def test_the_file_and_the_apis_answer_have_the_same_list(client: Client, ann: User) -> None:
    for filters in ("", "&channel=mail", "&source!=google&attributed=true", "&ad!=winter&attributed=false"):
        answer = client.get(f"/conversions?{DAYS}&goal=purchase&counted=true{filters}")
        links = [unescape(link) for link in re.findall(r'href="(/api/[^"]*)"', answer.content.decode())]
        assert [one["order"] for one in client.get(links[1]).json()["results"]] == orders_of(answer)
        export = b"".join(client.get(links[0]).streaming_content)  # type: ignore[attr-defined]
        assert export.count(b"purchase") == len(orders_of(answer)) > 0


@pytest.mark.parametrize(
    "query",
    ["campain=x", "attributed=maybe", "min_value=much", "from=2026-01-07&to=2026-01-05", "after=forged", "goal=x"],
)
def test_what_the_page_does_not_know_is_refused(client: Client, ann: User, query: str) -> None:
    assert client.get(f"/conversions?{query}").status_code in (400, 404)


def test_another_accounts_conversions_are_not_found(client: Client, ann: User) -> None:
    other = DatedShop(open_store())
    assert client.get(f"/conversions?site={other.key}").status_code == 404


def test_names_of_ads_are_never_markup(client: Client, shop: DatedShop, ann: User) -> None:
    shop.receive(
        shop.click("2026-03-01T10:00Z", ad="<script>alert(1)</script>"), shop.sale("2026-03-01T11:00Z", order="<b>")
    )
    page = client.get("/conversions?from=2026-03-01&to=2026-03-01").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "<td><b>" not in page
