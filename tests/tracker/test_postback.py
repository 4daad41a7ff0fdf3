"""`/postback`: a sale that an affiliate network reports is credited to the person who clicked. It counts until the
network rejects it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from conversions.click import DESTINATIONS
from conversions.click import SITES as CLICKED_SITES
from conversions.configuration.loading import forget_cached_sites, load_site
from conversions.facts.records import Conversion, Touch
from conversions.marks.marks import known_buckets
from conversions.models import Ad, Campaign, Goal
from conversions.store.adapters import open_store
from conversions.verdicts.cases import Case, read_cases
from tracker.archive import open_archive
from tracker.models import Account, RefusedCount, Site
from tracker.refusals import REFUSALS
from tracker.site_cache import SITES

pytestmark = pytest.mark.django_db

SECRET = "a long secret of the network"
NETWORK = "198.51.100.7"


@pytest.fixture(autouse=True)
def fresh(inline: None) -> Iterator[None]:
    """Runs each test without a broker and with empty caches."""
    forget()
    yield
    forget()


def forget() -> None:
    for cache in (SITES, CLICKED_SITES, DESTINATIONS):
        cache.forget()
    forget_cached_sites()


@pytest.fixture
def site() -> Site:
    account = Account.objects.create(name=uuid4().hex)
    site = Site(account=account, name="shop", domains=["shop.example"], currency="USD")
    site.set_postback_secret(SECRET)
    site.save()
    for key in ("purchase", "purchase-pending"):
        Goal.objects.create(site=site, key=key)
    Ad.objects.create(campaign=Campaign.objects.create(site=site, key="c"), key="banner")
    return site


def tell(of: Site, ip: str = "192.0.2.1", **given: str) -> HttpResponse:
    """Return the answer to a network's message, with the right secret unless another is given."""
    query = {"site": of.key, "secret": SECRET, **given}
    answer: HttpResponse = Client().get("/postback", {k: v for k, v in query.items() if v}, REMOTE_ADDR=ip)
    return answer


def click(site: Site) -> str:
    """Follow the ad's link as a browser does, and return the click's id."""
    Client().get(f"/click/{site.key}/banner", headers={"user-agent": "Firefox"}, REMOTE_ADDR="192.0.2.7")
    (touch,) = (fact for fact in facts(site) if isinstance(fact, Touch))
    return touch.hit


def facts(site: Site) -> list[Any]:
    """Return every touch and conversion of the site."""
    store = open_store()
    return [fact for bucket in known_buckets(site.key) for fact in store.read_bucket(site.key, bucket)]


def counted(site: Site) -> dict[str, tuple[int, int, list[str]]]:
    """Return goal -> how many conversions count, their value in micros, and the ads on their paths."""
    config = load_site(site.key)
    assert config is not None
    rows = [fact for fact in facts(site) if isinstance(fact, Conversion)]
    found: dict[str, tuple[int, int, list[str]]] = {}
    for case in read_cases(open_store(), config, rows):
        if case.reason is None:
            had = found.get(case.verdict.goal.key, (0, 0, []))
            found[case.verdict.goal.key] = (had[0] + 1, had[1] + case.verdict.value, [*had[2], *ads_of(case)])
    return found


def ads_of(case: Case) -> list[str]:
    """Return the ads that may earn credit."""
    return [point.touch.ad for point in case.touchpoints() if point.reason is None]


def code(answer: HttpResponse) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]  # type: ignore[attr-defined]


def test_an_approved_sale_is_credited_to_the_ad_that_was_clicked_and_answered_with_a_word(site: Site) -> None:
    answer = tell(site, click=click(site), payout="2.50", txid="T1")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"OK", "text/plain")
    assert counted(site) == {"purchase": (1, 2_500_000, ["banner"])}


def test_a_message_that_is_sent_again_counts_once(site: Site) -> None:
    found = click(site)
    for _ in range(3):
        tell(site, click=found, value="5", order="T1")
    tell(site, click=found, value="5", order="T2")
    assert counted(site) == {"purchase": (2, 10_000_000, ["banner", "banner"])}


def test_a_sale_goes_from_pending_to_approved_to_rejected_and_back(site: Site) -> None:
    found = click(site)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("pending", {"purchase-pending": (1, 3_000_000, ["banner"])}),
        ("approved", {"purchase": (1, 3_000_000, ["banner"])}),
        ("rejected", {}),
        ("approved", {"purchase": (1, 3_000_000, ["banner"])}),
    ]
    for status, expected in steps:
        assert tell(site, click=found, value="3", txid="T1", status=status).status_code == 200
        assert counted(site) == expected


def test_a_pending_message_that_comes_late_or_after_a_rejection_counts_nothing_more(site: Site) -> None:
    found = click(site)
    for status in ("pending", "approved", "pending"):
        tell(site, click=found, status=status)
    assert counted(site) == {"purchase": (1, 0, ["banner"])}
    tell(site, click=found, status="rejected")
    assert counted(site) == {}


def test_a_pending_message_takes_no_sale_of_the_shop_out(site: Site) -> None:
    Client().get("/collect", {"site": site.key, "type": "conversion", "name": "purchase", "order": "T1", "value": "9"})
    tell(site, txid="T1", status="pending", value="1")
    assert counted(site)["purchase"][:2] == (1, 9_000_000)


def test_a_message_without_a_click_is_about_the_order(site: Site) -> None:
    Client().get(
        "/collect",
        {"site": site.key, "type": "conversion", "name": "purchase", "order": "T1", "value": "9", "visitor": "ann"},
    )
    tell(site, order="T1", status="rejected")
    assert counted(site) == {}


def test_a_goal_may_be_named(site: Site) -> None:
    Goal.objects.create(site=site, key="lead")
    forget()
    tell(site, click=click(site), goal="lead")
    assert counted(site) == {"lead": (1, 0, ["banner"])}


@pytest.mark.parametrize(("word", "meant"), [("Declined", "rejected"), ("3", "approved"), ("HOLD", "pending")])
def test_words_of_networks_are_known_and_a_site_adds_its_own(site: Site, word: str, meant: str) -> None:
    site.postback_statuses = {"3": "approved", "approved": "rejected"}
    site.full_clean()
    site.save()
    forget()
    tell(site, order="T1", status=word)
    expected = {"approved": {"purchase"}, "pending": {"purchase-pending"}, "rejected": set()}
    assert counted(site).keys() == expected[meant]


@pytest.mark.parametrize("secret", ["wrong", SECRET + "x", SECRET[:-1], "ü" * 20, ""])
def test_without_the_right_secret_nothing_is_taken_and_the_attempt_is_counted(site: Site, secret: str) -> None:
    assert code(tell(site, secret=secret, order="T1")) == (403, "bad_secret")
    assert list(open_archive().list(0, 1 << 60)) == []
    REFUSALS.flush()
    assert RefusedCount.objects.get(site=site.key, code="bad_secret").hits == 1


def test_a_site_without_a_secret_takes_no_message(site: Site) -> None:
    site.set_postback_secret("")
    site.save()
    forget()
    assert code(tell(site, order="T1")) == (403, "bad_secret")
    assert code(tell(site, secret="", order="T1")) == (403, "bad_secret")


def test_an_allowed_network_needs_no_secret_but_no_wrong_one_either(site: Site) -> None:
    site.postback_networks = ["198.51.100.0/24", "2001:db8::/32"]
    site.full_clean()
    site.save()
    forget()
    assert tell(site, secret="", order="T1", ip=NETWORK).status_code == 200
    assert tell(site, secret="", order="T1", ip="2001:db8::9").status_code == 200
    assert code(tell(site, secret="", order="T1", ip="192.0.2.1")) == (403, "bad_secret")
    assert code(tell(site, secret="wrong", order="T1", ip=NETWORK)) == (403, "bad_secret")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, (400, "missing_click")),
        ({"click": "{click_id}", "txid": "null"}, (400, "missing_click")),
        ({"order": "T1", "status": "perhaps"}, (400, "bad_status")),
        ({"order": "x" * 201}, (400, "too_long")),
        ({"order": "T1", "goal": "x" * 200}, (400, "too_long")),
        ({"order": "T1", "secret": "x" * 201}, (400, "too_long")),
        ({"order": "T1", "site": "unheard-of"}, (404, "unknown_site")),
    ],
)
def test_a_faulty_message_is_refused_with_a_code(site: Site, given: dict[str, str], refusal: tuple[int, str]) -> None:
    assert code(tell(site, **given)) == refusal


def test_an_unreadable_amount_costs_no_sale(site: Site) -> None:
    assert tell(site, order="T1", payout="a lot").status_code == 200
    assert counted(site)["purchase"][:2] == (1, 0)


def test_a_message_too_many_a_second_is_sent_again_later(site: Site) -> None:
    site.hits_per_second = 1
    site.save()
    forget()
    answers = [tell(site, order=f"T{n}").status_code for n in range(9)]
    assert 429 in answers


def test_without_consent_a_sale_is_nobodys(site: Site) -> None:
    tell(site, click=click(site), txid="T1", consent="analytics_storage=denied")
    assert counted(site) == {"purchase": (1, 0, [])}


def test_who_only_asks_whether_it_is_there_makes_no_hit(site: Site) -> None:
    assert Client().head("/postback", {"site": site.key, "secret": SECRET, "order": "T1"}).status_code == 204
    assert code(Client().post("/postback")) == (405, "method_not_allowed")
    assert facts(site) == []


def test_the_secret_is_kept_as_a_hash_and_shown_nowhere(site: Site, admin_client: Client, settings: Settings) -> None:
    address = f"/api/sites/{site.key}"
    answer = admin_client.patch(address, {"postback_secret": "another long secret"}, "application/json")
    assert answer.status_code == 200
    assert answer.json()["has_postback_secret"] is True
    assert b"another long secret" not in admin_client.get(address).content
    forget()
    assert tell(site, secret="another long secret", order="T1").status_code == 200
    assert code(tell(site, order="T1")) == (403, "bad_secret")
    page = admin_client.get(f"/admin/tracker/site/{site.pk}/change/").content
    assert b"another long secret" not in page
    site.refresh_from_db()
    assert site.postback_sha256.encode() not in page
    short = admin_client.patch(address, {"postback_secret": "short"}, "application/json")
    assert (short.status_code, short.json()["error"]["field"]) == (400, "postback_secret")
    assert (
        admin_client.patch(address, {"postback_secret": ""}, "application/json").json()["has_postback_secret"] is False
    )


def test_staff_give_a_secret_on_the_sites_page_and_an_empty_field_keeps_it(site: Site, admin_client: Client) -> None:
    form = admin_client.get(f"/admin/tracker/site/{site.pk}/change/").context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in values.items() if value is not None and value is not False}
    data |= {"postback_networks": NETWORK, "postback_statuses": '{"3": "approved"}', "denied_signals": ""}
    for secret, expected in (("yet another long secret", "yet another long secret"), ("", "yet another long secret")):
        answer = admin_client.post(f"/admin/tracker/site/{site.pk}/change/", {**data, "postback_secret": secret})
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        forget()
        assert tell(site, secret=expected, order="T1").status_code == 200
    site.refresh_from_db()
    assert (site.postback_networks, site.postback_statuses) == ([NETWORK], {"3": "approved"})
    emptied = {**data, "postback_statuses": "", "channels": ""}
    assert admin_client.post(f"/admin/tracker/site/{site.pk}/change/", emptied).status_code == 302
    site.refresh_from_db()
    assert (site.postback_statuses, site.channels) == ({}, [])


@pytest.mark.parametrize("statuses", [[], {"x": "maybe"}, {"": "approved"}, {"Big": "approved"}, {" a": "approved"}])
def test_words_that_mean_nothing_are_refused(site: Site, admin_client: Client, statuses: Any) -> None:
    answer = admin_client.patch(f"/api/sites/{site.key}", {"postback_statuses": statuses}, "application/json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "postback_statuses")
