"""Terms: what a site may choose of the models. The choice is checked and stored, and the site is rolled up again."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from conversions.configuration.loading import load_site
from conversions.marks.marks import WHOLE_SITE, changed_at
from conversions.models import Mark
from conversions.rules.terms import Terms
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from tests.reports import DatedShop
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db
DAY = "2026-11-23"


@pytest.fixture
def site() -> Site:
    return Site.objects.create(account=Account.objects.create(name="Bike Shop"), name="Bikes")


def terms(site: Site) -> Terms:
    found = load_site(site.key)
    assert found
    return found.terms


def patch(client: Client, site: Site, status: int, **fields: Any) -> Any:
    """Return the JSON answer, which must have this status."""
    answer = client.patch(f"/api/sites/{site.key}", json.dumps(fields), "application/json")
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def test_the_default_is_a_half_life_of_a_week_and_40_20_40_by_position(site: Site) -> None:
    assert terms(site) == Terms(half_life=7 * DAY_MS, position_first=40, position_last=40)


def test_a_change_marks_the_whole_site_in_the_same_transaction(site: Site) -> None:
    for field, value in (("half_life_days", 3), ("position_first", 30), ("position_last", 50)):
        Mark.objects.all().delete()
        setattr(site, field, value)
        site.save()
        assert list(Mark.objects.filter(marked=True).values_list("site", "bucket")) == [(site.key, WHOLE_SITE)]
    assert terms(site) == Terms(half_life=3 * DAY_MS, position_first=30, position_last=50)


def test_a_change_that_no_figure_depends_on_marks_nothing(site: Site) -> None:
    site.name = "Bikes and more"
    site.save()
    assert changed_at([site.key]) == 0


def test_reports_use_the_sites_terms(store: Store) -> None:
    shop = DatedShop(store)
    shop.receive(
        shop.click("2026-11-16T12:00Z"),
        shop.click("2026-11-20T12:00Z", ad="post"),
        shop.click(f"{DAY}T12:00Z", ad="mail"),
        shop.sale(f"{DAY}T12:00Z", 7),
    )

    def rows(model: str) -> list[tuple[Any, ...]]:
        return [(ad, value) for ad, value in shop.rows(DAY, DAY, "ad", "value", model=model) if value != "0.000000"]

    assert rows("position") == [("mail", "2.800000"), ("post", "1.400000"), ("summer", "2.800000")]
    assert dict(rows("time_decay"))["mail"] == f"{7 / (1 + 2 ** (-3 / 7) + 1 / 2):.6f}"
    site = shop.site
    site.half_life_days, site.position_first, site.position_last = 3.5, 10, 90
    site.save()
    shop.roll_up()
    assert rows("position") == [("mail", "6.300000"), ("summer", "0.700000")]
    assert dict(rows("time_decay"))["mail"] == f"{7 / (1 + 2 ** (-3 / 3.5) + 1 / 4):.6f}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("half_life_days", 0),
        ("half_life_days", -1),
        ("half_life_days", "0.0001"),
        ("half_life_days", 366),
        ("half_life_days", "NaN"),
        ("position_first", -1),
        ("position_first", 101),
        ("position_last", 61),
        ("position_last", 1.5),
    ],
)
def test_bad_terms_are_refused_by_name(admin_client: Client, site: Site, field: str, value: Any) -> None:
    error = patch(admin_client, site, 400, **{field: value})["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert terms(site) == Terms()


def test_first_and_last_touch_share_100_percent_at_most(admin_client: Client, site: Site) -> None:
    told = patch(admin_client, site, 200, half_life_days="0.5", position_first=55, position_last=45)
    assert (told["half_life_days"], told["position_first"], told["position_last"]) == ("0.500", 55, 45)
    assert terms(site) == Terms(half_life=DAY_MS // 2, position_first=55, position_last=45)
    site.refresh_from_db()
    site.position_first = 56
    with pytest.raises(ValidationError, match="more than 100 %"):
        site.save()


def test_the_admin_page_offers_them(admin_client: Client, site: Site) -> None:
    page = admin_client.get(f"/admin/tracker/site/{site.pk}/change/").content.decode()
    assert all(f'name="{field}"' in page for field in ("half_life_days", "position_first", "position_last"))
