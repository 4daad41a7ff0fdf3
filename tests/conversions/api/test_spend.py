"""`PUT /api/spend`: a program says what was spent."""

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
