"""`POST /api/spend/import`: a program sends the export of an ad network as it is."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.models import SpendRow
from conversions.spend.upload import MAX_BODY, MAX_UPLOADED_LINES
from tests.conversions.spend.test_reader import GOOGLE, META
from tests.openapi import described
from tests.surface import Customer

pytestmark = pytest.mark.django_db


def send(shop: Customer, body: str | bytes, kind: str = "text/csv", token: str = "ingest", **query: str) -> Any:
    query = {"site": shop.site, "source": "google", **query}
    address = f"/api/spend/import?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    content = body if isinstance(body, bytes) else body.encode()
    return described(Client().post(address, content, content_type=kind, headers=shop.bearer(token)))


def cost() -> dict[str, int]:
    """Return the cost by source, in micros."""
    found: dict[str, int] = {}
    for source, micros in SpendRow.objects.values_list("imported_as", "cost"):
        found[source] = found.get(source, 0) + micros
    return found


def test_exports_sent_twice_and_then_corrected_have_the_right_cost_once() -> None:
    shop = Customer()
    for _ in range(2):
        send(shop, GOOGLE.encode("utf-16"))
        send(shop, META, source="meta")
    assert cost() == {"google": 1_244_560_000, "meta": 13_000_000}
    assert send(shop, GOOGLE.replace("1.234,56", "1.000,00")).json() == {
        **{
            "from": "2026-11-01",
            "to": "2026-11-02",
            "rows": 2,
            "totals": 1,
            "preview": False,
            "changed": 1,
            "unchanged": 1,
        },
        "form": "Google Ads",
        **{"before": {"EUR": "1244.560000"}, "after": {"EUR": "1010.000000"}},
        "days": [{"day": "2026-11-01", "currency": "EUR", "before": "1234.560000", "after": "1000.000000"}],
    }
    assert cost() == {"google": 1_010_000_000, "meta": 13_000_000}


def test_a_preview_says_what_would_change_and_keeps_nothing() -> None:
    shop = Customer()
    send(shop, "day,cost\n2026-11-01,1\n2026-11-02,2\n2026-11-03,3\n")
    told = send(shop, "day,cost,currency\n2026-11-01,1,EUR\n2026-11-03,4,USD\n", preview="1").json()
    assert (told["preview"], told["changed"], told["unchanged"]) == (True, 3, 1)
    assert [tuple(day.values()) for day in told["days"]] == [
        ("2026-11-02", "EUR", "2.000000", "0.000000"),
        ("2026-11-03", "EUR", "3.000000", "0.000000"),
        ("2026-11-03", "USD", "0.000000", "4.000000"),
    ]
    assert cost() == {"google": 6_000_000}


def test_each_bad_line_is_named_and_nothing_is_kept() -> None:
    answer = send(Customer(), "day,cost\n2026-11-01,1\n2026-11-02,x\nnever,1\n")
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "invalid",
        "field": "file",
        "detail": "line 3: 'x' is no amount\nline 4: 'never' is no day, such as 2026-11-23",
    }
    assert cost() == {}


def test_what_the_file_does_not_say_is_said_by_parameters() -> None:
    send(Customer(), "day,cost\n11/12/2026,1.234\n", decimal=",", dates="day", currency="usd", utm_source="news")
    assert list(SpendRow.objects.values_list("day", "cost", "currency", "source")) == [
        ("2026-12-11", 1_234_000_000, "USD", "news"),
    ]


def test_a_form_is_refused_with_what_to_send_instead() -> None:
    shop = Customer()
    address = f"/api/spend/import?site={shop.site}&source=google"
    for client, headers in ((Client(), shop.bearer("ingest")), (shop.staff, {})):
        answer = described(client.post(address, {"file": "x"}, headers=headers))
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
        assert "--data-binary" in answer.json()["error"]["detail"]


def test_the_type_of_the_body_does_not_matter_because_its_columns_say_what_it_is() -> None:
    shop = Customer()
    for kind in ("text/plain", "application/octet-stream", "application/x-www-form-urlencoded", ""):
        assert send(shop, "day,cost\n2026-11-01,1\n", kind).status_code == 200


def test_an_odd_file_or_parameter_is_refused_and_nothing_is_kept() -> None:
    shop = Customer()
    for body in (b"", b"\xff\xfe\x00\xd8", b"day,cost,ad\n2026-11-01,1,\x81\n", b"day,cost,ad\n2026-11-01,1,a\0b\n"):
        assert send(shop, body).status_code == 400
    assert send(shop, "day,cost\n2026-11-01,1\n", source="%00").status_code == 400
    assert send(shop, "day,cost\n2026-11-01,1\n", dry_run="1").json()["error"]["code"] == "unknown_parameter"
    assert cost() == {}


def test_a_file_that_is_too_large_to_wait_for_is_refused() -> None:
    shop = Customer()
    for body in (b"x" * (MAX_BODY + 1), b"\n" * (MAX_UPLOADED_LINES + 1)):
        assert send(shop, body).status_code == 413


def test_only_people_and_programs_of_the_account_may_import() -> None:
    shop, other = Customer(), Customer()
    assert send(shop, GOOGLE, site=other.site).status_code == 404
    assert send(shop, GOOGLE, token="report").status_code == 401
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="mia"))
    assert client.post("/api/spend/import", GOOGLE, content_type="text/csv").status_code == 403
