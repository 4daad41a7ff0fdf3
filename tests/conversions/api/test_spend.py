"""`/api/spend`: a program sends what was spent, and reads it again as a list."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.models import SpendRow
from tests.openapi import described
from tests.surface import Customer

pytestmark = pytest.mark.django_db
DAY = "2026-11-01"


def put(shop: Customer, *rows: dict[str, Any], kind: str = "ingest", query: str = "", **more: Any) -> Any:
    body = {"site": shop.site, "source": "crm", "from": DAY, "to": "2026-11-02", "rows": rows, **more}
    return described(
        Client().put(f"/api/spend{query}", body, content_type="application/json", headers=shop.bearer(kind))
    )


def kept() -> list[tuple[str, str, int]]:
    return list(SpendRow.objects.order_by("day", "ad").values_list("day", "ad", "cost"))


def test_a_program_replaces_what_its_source_said_and_a_dry_run_changes_nothing() -> None:
    shop = Customer()
    rows = [{"day": DAY, "ad": "banner", "cost": "1.50"}, {"day": "2026-11-02", "cost": "2", "network": "meta-ads"}]
    assert put(shop, *rows).json()["before"] == {}
    told = put(shop, rows[0], query="?dry_run=1").json()
    assert told == {
        **{"from": DAY, "to": "2026-11-02", "rows": 1, "dry_run": True},
        **{"before": {"EUR": "3.500000"}, "after": {"EUR": "1.500000"}},
    }
    assert kept() == [(DAY, "banner", 1_500_000), ("2026-11-02", "", 2_000_000)]
    put(shop, rows[0])
    assert kept() == [(DAY, "banner", 1_500_000)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"day": "2026-11-03", "cost": "1"}, "rows[1]: '2026-11-03' is no day from 2026-11-01 to 2026-11-02"),
        ({"day": DAY, "cost": "1,5"}, "rows[1]: '1,5' is no amount, such as 12.50"),
        ({"day": DAY, "cost": "1", "currency": "EURO"}, "rows[1]: 'EURO' is no ISO 4217 code, such as EUR"),
        ({"day": DAY, "cost": "1", "utm": {"campaign": "a\0"}}, "rows[1]: a name contains a NUL"),
        (
            {"day": DAY, "cost": "1", "campaign": "a", "utm": {"campaign": "b"}},
            "rows[1]: campaign and utm.campaign are two campaigns",
        ),
        ({"day": DAY, "cost": 1}, "Expected `str`, got `int` - at `$.rows[1].cost`"),
        ({"day": DAY, "cost": "1", "clicks": -1}, "Expected `int` >= 0 - at `$.rows[1].clicks`"),
        ({"day": DAY}, "Object missing required field `cost` - at `$.rows[1]`"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_kept(row: dict[str, Any], problem: str) -> None:
    answer = put(Customer(), {"day": DAY, "cost": "1"}, row)
    assert (answer.status_code, answer.json()["error"]["detail"]) == (400, problem)
    assert kept() == []


def test_another_accounts_site_is_unknown_and_a_report_token_is_not_enough() -> None:
    shop, other = Customer(), Customer()
    assert put(shop, site=other.site).status_code == 404
    assert put(shop, kind="report").status_code == 401
    assert Client().put("/api/spend", {}, content_type="application/json").status_code == 401


def test_a_member_who_is_signed_in_needs_the_token_of_our_pages() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="mia"))
    assert client.put("/api/spend", {}, content_type="application/json").status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"site": 1}', b"[" * 100_000])
def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    answer = Client().put("/api/spend", body, "application/json", headers=Customer().bearer("ingest"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_a_body_that_is_too_large_is_refused() -> None:
    answer = Client().put("/api/spend", b"x" * (5 << 20), "application/json", headers=Customer().bearer("ingest"))
    assert answer.status_code == 413


@pytest.mark.parametrize("days", [("x", DAY), ("2026-11-02", DAY), ("2020-01-01", DAY), ("20261101", DAY)])
def test_days_that_are_no_range_are_refused(days: tuple[str, str]) -> None:
    answer = put(Customer(), **{"from": days[0], "to": days[1]})
    assert answer.status_code == 400


def test_the_schema_requires_only_what_a_program_must_send() -> None:
    schema = Client().get("/api/schema", {"format": "json"}).json()["components"]["schemas"]
    assert schema["SpendPutRow"]["required"] == ["day", "cost"]
    assert "required" not in schema["Tags"]


def listed(shop: Customer, kind: str = "report", **query: Any) -> Any:
    days = {"site": shop.site, "from": DAY, "to": "2026-11-02"}
    return described(Client().get("/api/spend", {**days, **query}, headers=shop.bearer(kind)))


def test_what_was_said_is_listed_page_by_page_the_latest_day_first_with_the_ad_it_belongs_to() -> None:
    shop = Customer()
    shop.ad("rule", rules=[{"campaign": "spring*"}])
    rows = [
        {"day": DAY, "campaign": "spring-1", "cost": "1.5", "currency": "USD", "clicks": 2},
        {"day": DAY, "ad": "banner", "cost": "2"},
        {"day": "2026-11-02", "network": "meta-ads", "utm": {"source": "fb"}, "cost": "3"},
    ]
    put(shop, *rows)
    put(shop, {"day": DAY, "ad": "gone", "cost": "9"}, source="other")
    first = listed(shop, limit="2").json()
    second = described(Client().get(first["next"], headers=shop.bearer("report"))).json()
    found = [*first["results"], *second["results"]]
    assert [(one["day"], one["source"], one["cost"], one["currency"]) for one in found] == [
        ("2026-11-02", "crm", "3.000000", "EUR"),
        (DAY, "other", "9.000000", "EUR"),
        (DAY, "crm", "2.000000", "EUR"),
        (DAY, "crm", "1.500000", "USD"),
    ]
    assert [(one["belongs_to"]["ad"], one["belongs_to"]["configured"]) for one in found] == [
        *(("fb", False), ("gone", False), ("banner", True), ("rule", True)),
    ]
    assert (found[3]["utm"]["campaign"], found[3]["clicks"], second["next"]) == ("spring-1", 2, None)
    assert [one["ad"] for one in listed(shop, source="other").json()["results"]] == ["gone"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-11-03"}, "bad_range"),
        ({"from": "x"}, "bad_range"),
        ({"limit": "1000000000"}, "bad_limit"),
        ({"after": "2026-11-01.x"}, "bad_page"),
        ({"after": "2026-13-01.1"}, "bad_page"),
        ({"source": "a\0"}, "invalid"),
        ({"sauce": "a"}, "unknown_parameter"),
    ],
)
def test_a_list_refuses_what_it_does_not_know(query: dict[str, str], code: str) -> None:
    answer = listed(Customer(), **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_only_the_account_lists_its_spend_and_not_with_a_token_that_sends_hits() -> None:
    shop, other = Customer(), Customer()
    put(shop, {"day": DAY, "ad": "banner", "cost": "1"})
    assert listed(other).json()["results"] == []
    assert listed(other, site=shop.site).status_code == 404
    assert listed(shop, kind="ingest").status_code == 401
    assert shop.staff.get("/api/spend", {"site": shop.site, "from": DAY, "to": DAY}).status_code == 200
