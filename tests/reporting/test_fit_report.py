"""`/api/reports/fits`: what a month's fit of a goal contains."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.attribution.fit import fit
from conversions.attribution.path_counts import Coverage, Inputs, PathCount, label_of
from conversions.configuration.loading import load_site
from conversions.facts.ad_names import AdName
from conversions.marks import fit_marks
from conversions.marks import marks as sequence
from conversions.marks.fit_marks import WHENEVER
from conversions.rules.site import SiteConfig
from conversions.store.adapters import open_store
from reporting.fits.shown import MAX_SETS, describe_fit
from reporting.fitter import Fitter
from tests.openapi import described, description
from tests.reports import DatedShop, ms
from tracker.collection.hit import to_plain

pytestmark = pytest.mark.django_db


def get(client: Client, shop: DatedShop, secret: str = "", **parameters: str) -> Any:
    """Return the answer to a program with the shop's token, or with another one."""
    wanted = {"site": shop.site.key, "goal": "purchase", "month": "2026-10", **parameters}
    headers = {"Authorization": f"Bearer {secret or shop.secret}"}
    return described(client.get("/api/reports/fits", wanted, headers=headers))


def error_of(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


def settle(shop: DatedShop) -> None:
    shop.roll_up()
    now = ms("2026-11-02T00:00Z")
    fitter = Fitter(shop.store, sequence, fit_marks, load_site, lambda: 0, lambda: now)
    for mark in fitter.due(shop.site.key):
        fitter.fit(mark, WHENEVER)


@pytest.fixture
def shop(sql_store: None, settings: Any) -> DatedShop:
    """Ann clicked `summer` and `mail` and bought. Bob clicked `mail` and didn't buy. Cyd bought without an ad."""
    settings.CASSANDRA_URL = ""
    shop = DatedShop(open_store())
    shop.process(
        shop.click("2026-10-05T10:00Z"),
        shop.click("2026-10-05T11:00Z", ad="mail"),
        shop.sale("2026-10-05T12:00Z"),
        shop.click("2026-10-06T10:00Z", ad="mail", visitor="bob"),
        shop.sale("2026-10-06T12:00Z", visitor="cyd"),
    )
    settle(shop)
    return shop


def test_a_fit_shows_its_matrix_removal_effects_and_rates_with_their_data(client: Client, shop: DatedShop) -> None:
    answer = get(client, shop)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    told = answer.json()
    assert (told["site"], told["goal"], told["month"]) == (shop.site.key, "purchase", "2026-10")
    assert (told["made_at"], told["usable"], len(told["fingerprint"])) == ("2026-11-02T00:00:00Z", True, 32)
    assert told["paths"] == {"distinct": 2, "converted": 1, "unconverted": 1}
    assert told["coverage"] == {
        "one_in": 1, "conversions": 2, "with_touches": 1, "cut": 0, "other_ads": 0,
        "left_out": 0, "left_out_converted": 0, "left_out_unconverted": 0,
        "many_ads_converted": 0, "many_ads_unconverted": 0,
        "many_campaigns_converted": 0, "many_campaigns_unconverted": 0,
    }  # fmt: skip
    assert told["transitions"] == [
        {"from": "(start)", "to": "mail", "count": 1, "chance": "0.500000"},
        {"from": "(start)", "to": "summer", "count": 1, "chance": "0.500000"},
        {"from": "mail", "to": "(conversion)", "count": 1, "chance": "0.500000"},
        {"from": "mail", "to": "(null)", "count": 1, "chance": "0.500000"},
        {"from": "summer", "to": "mail", "count": 1, "chance": "1.000000"},
    ]
    assert [(ad["name"], ad["campaign"], ad["configured"]) for ad in told["ads"]] == [
        ("mail", None, False),
        ("summer", "sale", True),
    ]
    assert [(ad["removal_effect"], ad["share"]) for ad in told["ads"]] == [
        ("1.000000000", "0.666667"),
        ("0.500000000", "0.333333"),
    ]
    assert told["sets"] == [
        {"names": ["mail"], "paths": 1, "converted": 0, "rate": "0.000000"},
        {"names": ["mail", "summer"], "paths": 1, "converted": 1, "rate": "1.000000"},
    ]
    assert [one["names"] for one in told["campaign_sets"]] == [["sale", "mail"], ["mail"]]
    assert told["left_out"] == {"sets": 0, "campaign_sets": 0}


def test_a_goal_without_conversions_has_a_fit_that_says_so(client: Client, shop: DatedShop) -> None:
    told = get(client, shop, goal="signup").json()
    assert (told["usable"], told["paths"]) == (False, {"distinct": 2, "converted": 0, "unconverted": 2})


def test_a_month_without_hits_has_no_fit(client: Client, shop: DatedShop) -> None:
    assert error_of(get(client, shop, month="2026-09")) == (404, "no_fit", "month")


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-1", "1999-12", "3000-01", "2026-10-01", "२०२६-१०"])
def test_a_bad_month_is_refused(client: Client, shop: DatedShop, month: str) -> None:
    assert error_of(get(client, shop, month=month)) == (400, "bad_month", "month")


def test_a_goal_must_be_named_and_be_the_sites_own(client: Client, shop: DatedShop) -> None:
    assert error_of(get(client, shop, goal="")) == (400, "missing_goal", "goal")
    assert error_of(get(client, shop, goal="other")) == (404, "unknown_goal", "goal")


def test_signed_in_people_can_open_it_in_their_browser(client: Client, shop: DatedShop) -> None:
    user = User.objects.create_user("ann")
    client.force_login(user)
    wanted = {"site": shop.site.key, "goal": "purchase", "month": "2026-10"}
    assert client.get("/api/reports/fits", wanted, HTTP_ACCEPT="text/html").status_code == 404
    shop.account.users.add(user)
    answer = client.get("/api/reports/fits", wanted, HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_another_accounts_site_is_not_found(client: Client, shop: DatedShop) -> None:
    other = DatedShop(shop.store)
    assert error_of(get(client, shop, other.secret)) == (404, "unknown_site", "site")
    assert error_of(get(client, shop, "made up"))[:2] == (401, "bad_token")


def test_ads_with_the_same_name_are_distinguished() -> None:
    ads = [AdName("x", "c", True), AdName("x", "", False), AdName("x", "d", False), AdName("(null)", "e", False)]
    labels = {label_of(ad): ad for ad in sorted(ads, key=label_of)}
    told = shown(Inputs([PathCount((label,), 1, 0) for label in labels], labels, Coverage()))
    assert [ad["name"] for ad in told["ads"]] == ["(null) [e]", "x", "x [no campaign]", "x [d]"]


def test_the_sets_with_most_paths_are_listed_and_the_others_counted() -> None:
    labels = {f"a{n:02}": AdName(f"a{n:02}", "", True) for n in range(60)}
    pairs = [(a, b) for a in labels for b in labels if a < b]
    told = shown(Inputs([PathCount(pair, 0, n + 1) for n, pair in enumerate(pairs)], labels, Coverage()))
    assert len(told["sets"]) == MAX_SETS
    assert told["sets"][0]["paths"] == len(pairs)
    assert told["left_out"]["sets"] == len(pairs) - MAX_SETS


def test_paths_with_too_many_ads_or_campaigns_for_a_set_are_counted() -> None:
    ads = [AdName(f"a{n:02}", f"c{n // 2:02}", True) for n in range(26)]
    labels = {label_of(ad): ad for ad in ads}
    longest = tuple(labels)
    paths = [PathCount(longest[:size], 10**n, 2 * 10**n) for n, size in enumerate((12, 13, 26))]
    told = shown(Inputs(paths, labels, Coverage(conversions=111)))
    assert [(len(one["names"]), one["paths"]) for one in told["sets"]] == [(12, 3)]
    assert [(len(one["names"]), one["paths"]) for one in told["campaign_sets"]] == [(7, 30), (6, 3)]
    coverage = {name: count for name, count in told["coverage"].items() if name.startswith("many_")}
    assert coverage == {
        "many_ads_converted": 110, "many_ads_unconverted": 220,
        "many_campaigns_converted": 100, "many_campaigns_unconverted": 200,
    }  # fmt: skip
    assert told["coverage"]["conversions"] == 111


def shown(inputs: Inputs) -> dict[str, Any]:
    return to_plain(describe_fit(fit(inputs, 0), SiteConfig(key="s"), "buy", "2026-10"))


def test_its_parameters_are_described() -> None:
    parameters = description()["paths"]["/api/reports/fits"]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == {"site", "goal", "month"}
