"""The export of conversions: it has every row once, is safe in a spreadsheet, and needs little memory. Its last line
says whether it is complete."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from conversions.explain.listed import ListedConversion, ListedGoal, Reported
from conversions.explain.newest import Step
from conversions.explain.position import ListPosition
from conversions.store.port import Store, StoreUnavailable
from reporting.report.export import export_lines
from tests.reports import DatedShop

pytestmark = pytest.mark.django_db

RANGE = {"from": "2026-11-01", "to": "2026-11-30"}


def export(shop: DatedShop, **query: str) -> Any:
    headers = {"authorization": f"Bearer {shop.secret}"}
    return Client().get("/api/exports/conversions", {"site": shop.key, **RANGE, **query}, headers=headers)


def test_an_export_has_every_conversion_once_and_no_formula(opened_store: Store) -> None:
    shop = DatedShop(opened_store)
    shop.process(
        shop.click("2026-11-10T08:00Z", "=1+1"),
        shop.sale("2026-11-10T09:00Z", 10, order="@o1"),
        shop.sale("2026-11-12T09:00Z", 30, visitor="bob"),
    )
    answer = export(shop)
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[3] for row in rows[1:-1]] == ["", "'@o1"]
    assert rows[2][-1] == "'=1+1 1.000000"
    assert rows[-1] == ["(complete)", "2", ""]
    lines = [json.loads(line) for line in b"".join(export(shop, format="jsonl").streaming_content).splitlines()]
    assert [line["order"] for line in lines[:-1]] == [None, "@o1"]
    assert lines[-1] == {"complete": True, "rows": 2, "after": None}
    assert export(shop, format="xml").json()["error"]["code"] == "bad_format"
    other = DatedShop(opened_store)
    assert export(other, site=shop.key).status_code == 404


def steps(number: int, fails: bool = False) -> Iterator[Step]:
    for n in range(number):
        listed = ListedConversion(
            id=f"c{n}",
            goal=ListedGoal("purchase", 1),
            at="2026-11-10T09:00:00Z",
            hit=f"h{n}",
            order=None,
            visitor="ann",
            value="1.000000",
            currency="EUR",
            counted=True,
            reason=None,
            reported=Reported("1.000000", "1.000000"),
            ads=[],
        )
        yield Step(ListPosition(5, 0, (n, f"h{n}", "d")), listed)
    if fails:
        raise StoreUnavailable("away")


def test_an_export_that_breaks_off_says_so_and_where_another_one_goes_on() -> None:
    *_, last = export_lines(steps(3, fails=True), "jsonl", (StoreUnavailable,))
    assert json.loads(last) == {"complete": False, "rows": 3, "after": "5.0.2.d.h2"}
    *_, last = export_lines(steps(3, fails=True), "csv", (StoreUnavailable,))
    assert last == '"(incomplete)",3,"5.0.2.d.h2"\r\n'


def test_the_memory_of_an_export_does_not_grow_with_its_rows() -> None:
    tracemalloc.start()
    size = sum(map(len, export_lines(steps(20_000), "csv", ())))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1_500_000
    assert peak < 1_000_000
