"""Rows plus unattributed equal totals, key by key, in every report that can be asked for: on each store."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions.attribution.credit import MODELS
from conversions.filters.filters import AD_KEYS, FILTERS
from conversions.models import Ad, MatchRule
from conversions.store.port import Store
from reporting.report.query import KEYS
from tests.reports import DatedShop

pytestmark = pytest.mark.django_db

FIRST, LAST = "2026-11-20", "2026-11-30"
AMOUNTS = ("conversions", "value")
#: Values of filters that the shop has.
VALUES = {
    "ad": ["summer", "mail", "google/cpc/spring", "(none)"],
    "campaign": ["sale", "spring", "(none)"],
    "channel": ["paid_search", "email", "other"],
    "source": ["google", "news", "(none)"],
    "medium": ["cpc", "(none)"],
    "network": ["google", "(none)"],
    "goal": ["purchase", "signup"],
}
KEY_LISTS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)
FILTERED = st.dictionaries(
    st.sampled_from([f"{name}{mark}" for name in FILTERS for mark in ("", "!")]), st.integers(0, 3), max_size=2
).map(lambda found: {name: value_of(name, place) for name, place in found.items()})
MODEL_LISTS = st.lists(st.sampled_from([*MODELS]), max_size=3, unique=True)


def value_of(name: str, place: int) -> str:
    values = VALUES[name.rstrip("!")]
    return values[place % len(values)]


def filled(store: Store) -> DatedShop:
    """Return a shop with configured and other ads, two goals, sales that several ads, one or none brought, and a
    refund."""
    shop = DatedShop(store, timezone="Europe/Berlin")
    MatchRule.objects.create(ad=Ad.objects.get(key="summer", campaign__site=shop.site), source="news", medium="email")
    tagged = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=spring"
    shop.receive(
        shop.click("2026-11-21T10:00Z"),
        shop.click("2026-11-22T10:00Z", ad="mail"),
        shop.hit("page", "2026-11-23T23:30Z", url=tagged),
        shop.hit(
            "page", "2026-11-24T09:00Z", visitor="bob", url="https://shop.example/?utm_source=news&utm_medium=email"
        ),
        shop.hit("view", "2026-11-24T10:00Z", visitor="cat", ad="banner"),
        shop.sale("2026-11-25T10:00Z", 30, order="o1"),
        shop.hit("adjustment", "2026-11-26T10:00Z", order="o1", kind="refund", value=3_333_333),
        shop.sale("2026-11-29T23:30Z", 7, visitor="bob"),
        shop.sale("2026-11-30T10:00Z", 5, visitor="dan"),
        shop.hit("event", "2026-11-25T11:00Z", name="signup"),
        shop.hit("event", "2026-11-27T11:00Z", name="signup", visitor="dan"),
    )
    return shop


def micros(part: dict[str, Any]) -> list[int]:
    return [int(part[name].replace(".", "")) for name in AMOUNTS]


def total(parts: Iterable[list[int]]) -> list[int]:
    return [sum(column) for column in zip([0, 0], *parts, strict=True)]


def by_key(report: dict[str, Any], names: list[str]) -> dict[tuple[str, ...], list[int]]:
    """Return the sums of attributed and unattributed amounts, by some keys."""
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    parts = [*report["rows"], *report["unattributed"].get("rows", ())]
    for part in [*parts, *({**row, **row["unattributed"]} for row in parts if "unattributed" in row)]:
        key = tuple(part[name] for name in names)
        sums[key] = total([sums[key], micros(part)])
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def check(shop: DatedShop, by: list[str], filters: dict[str, str], models: list[str], basis: str) -> None:
    keys = [key for key in by if key != "hour" or basis == "conversion"] or ["ad"]
    wanted = {**filters, "basis": basis, "models": ",".join(models)}
    report = shop.report(FIRST, LAST, by=",".join(keys), **wanted)
    rows, lost = report["rows"], micros(report["unattributed"])
    assert total([*map(micros, rows), lost]) == micros(report["totals"])
    for model in models:
        assert total([*(micros(row["models"][model]) for row in rows), lost]) == micros(
            report["totals"]["models"][model]
        )
    others = [key for key in keys if key not in AD_KEYS]
    if others:
        assert by_key(report, others) == by_key(shop.report(FIRST, LAST, by=",".join(others), **wanted), others)
        told = report["unattributed"].get("rows") or [row["unattributed"] for row in rows if "unattributed" in row]
        assert total(map(micros, told)) == lost
    days = shop.report(FIRST, LAST, by="day", **wanted)
    assert days["totals"] == report["totals"]


def test_rows_and_unattributed_are_the_totals_of_every_report(store: Store) -> None:
    shop = filled(store)

    @settings(max_examples=25 if "Sql" in type(store).__name__ else 8)
    @given(KEY_LISTS, FILTERED, MODEL_LISTS, st.sampled_from(["conversion", "click"]))
    def every_report(by: list[str], filters: dict[str, str], models: list[str], basis: str) -> None:
        check(shop, by, filters, models, basis)

    every_report()
    assert shop.report(FIRST, LAST)["totals"]["value"] == "38.666667"
