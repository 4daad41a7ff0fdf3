"""Spend in reports: costs beside what they brought, by day and ad."""

from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions import models
from conversions.configuration.rate_table import load
from conversions.rules.ads import Ad
from conversions.rules.rates import Quote
from conversions.rules.site import SiteConfig
from conversions.spend.lines import SpendLine, SpendNames
from conversions.store.port import Store
from reporting.report.costs import COLUMNS, cost_columns
from reporting.report.query import KEYS, read_query
from reporting.report.report import report_of_cells
from reporting.report.rows import flat_names
from reporting.report.spend import add_up
from tests.conversions.spend.test_reader import GOOGLE
from tests.reports import DatedShop
from tracker.collection.refusal import Refusal

DAYS = ("2026-11-01", "2026-11-02")
HEADER = "day,cost,currency,impressions,clicks,ad,utm_campaign\n"


def spend(shop: DatedShop, folder: Path, text: str, source: str = "plain") -> None:
    (folder / "spend.csv").write_text(text)
    call_command("import_spend", shop.key, str(folder / "spend.csv"), source=source, stdout=StringIO())


def costs_by(shop: DatedShop, by: str, **parameters: str) -> dict[str, str]:
    return {row[by]: row["cost"] for row in shop.report(*DAYS, by=by, spend="1", **parameters)["rows"]}


def columns(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in COLUMNS]


def test_ratios_are_null_where_there_is_nothing_to_divide_by() -> None:
    assert list(cost_columns(0, 0, 0, 5, 5).values()) == [None] * 7
    assert list(cost_columns(2_000_000, 0, 0, 0, 0).values()) == [
        *("2.000000", 0, 0, None, None, "0.000000", "-2.000000"),
    ]
    assert cost_columns(1_000_000, 9, 3, 6_000_000, 0)["cpc"] == "0.333333"
    assert cost_columns(0, 9, 0, 1_000_000, 1)["roas"] is None


def test_spend_has_no_hours(store: Store) -> None:
    with pytest.raises(Refusal, match="by=hour"):
        DatedShop(store).report(*DAYS, by="ad,hour", spend="1")


@pytest.mark.django_db
def test_costs_stand_beside_what_they_brought_and_unmatched_spend_is_a_row(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    shop.receive(shop.click("2026-11-01T10:00Z"), shop.sale("2026-11-01T11:00Z", 30))
    spend(shop, tmp_path, f"{HEADER}2026-11-01,10,EUR,100,4,summer,\n2026-11-02,5,,,,,winter\n")
    report = shop.report(*DAYS, spend="1")
    assert [(row["ad"], row["configured"], columns(row)) for row in report["rows"]] == [
        ("summer", True, ["10.000000", 100, 4, "2.500000", "10.000000", "3.000000", "20.000000"]),
        ("winter", False, ["5.000000", 0, 0, None, None, "0.000000", "-5.000000"]),
    ]
    assert columns(report["totals"]) == ["15.000000", 100, 4, "3.750000", "15.000000", "2.000000", "15.000000"]
    assert report["spend"] == {"no_rate": {}}
    assert [(row["day"], row["cost"]) for row in shop.report(*DAYS, by="day", spend="1")["rows"]] == [
        ("2026-11-01", "10.000000"),
        ("2026-11-02", "5.000000"),
    ]
    by_goal = shop.report(*DAYS, by="goal", spend="1")
    assert [row["cost"] for row in by_goal["rows"]] == [None]
    assert by_goal["totals"]["cost"] == "15.000000"
    assert shop.report(*DAYS, spend="1", ad="summer")["totals"]["cost"] == "10.000000"


@pytest.mark.django_db
def test_a_report_has_costs_where_something_was_spent_unless_they_are_declined(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    spend(shop, tmp_path, f"{HEADER}2026-11-01,10,EUR,100,4,summer,\n2026-11-02,2,EUR,1,1,winter,\n")
    assert shop.report(*DAYS)["totals"]["cost"] == "12.000000"
    assert shop.report("2026-11-03", "2026-11-04", compare="previous")["previous"]["totals"]["cost"] == "12.000000"
    for report in (
        shop.report(*DAYS, spend="0"),
        shop.report("2026-11-03", "2026-11-04"),
        shop.report(*DAYS, by="hour"),
    ):
        assert report["rows"] == []
        assert not {*COLUMNS, "spend"} & {*report, *report["totals"]}
    assert shop.rows(*DAYS, "ad", order="cost") == [("winter",), ("summer",)]
    assert flat_names(read_query({"from": DAYS[0], "to": DAYS[1], "spend": "1"}, shop.config()))[-7:] == [*COLUMNS]


@pytest.mark.django_db
def test_an_export_belongs_to_the_ad_that_its_clicks_belong_to(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    address = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=Spring"
    shop.receive(shop.hit("page", "2026-11-01T10:00Z", url=address))
    spend(shop, tmp_path, GOOGLE, "google")
    (row,) = shop.report(*DAYS, spend="1")["rows"]
    assert (row["ad"], row["clicks"], row["cost"]) == ("google/cpc/Spring", 1, "1244.560000")
    models.MatchRule.objects.create(ad=models.Ad.objects.get(key="summer"), network="google-ads", campaign="Spr*")
    rows = shop.report(*DAYS, spend="1")["rows"]
    assert ("summer", "1244.560000") in [(row["ad"], row["cost"]) for row in rows]


@pytest.mark.django_db
def test_costs_are_converted_by_the_rate_of_their_day_and_told_apart_without_one(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    load([Quote(DAYS[0], "EUR", "USD", 2 * 10**12), Quote(DAYS[1], "EUR", "USD", 4 * 10**12)], "rates.csv", 0)
    lines = ("2026-11-01,10,USD,1", "2026-11-02,8,USD,2", "2026-11-01,7,GBP,1")
    spend(shop, tmp_path, HEADER + "".join(f"{line},1,summer,\n" for line in lines))
    report = shop.report(*DAYS, spend="1", compare="previous")
    assert (report["totals"]["cost"], report["totals"]["impressions"]) == ("7.000000", 4)
    assert report["spend"] == {"no_rate": {"GBP": "7.000000"}}
    assert report["previous"]["totals"]["cost"] is None


@pytest.mark.django_db
def test_costs_in_another_currency_have_the_same_total_by_ad_and_by_day(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    load([Quote(DAYS[0], "USD", "EUR", 6 * 10**11)], "rates.csv", 0)
    spend(shop, tmp_path, HEADER + "".join(f"2026-11-01,0.000001,USD,1,1,{ad},\n" for ad in ("a", "b", "c")))
    totals = [shop.report(*DAYS, by=by, spend="1")["totals"]["cost"] for by in ("ad", "day", "goal", "channel")]
    assert totals == ["0.000003"] * 4


@pytest.mark.django_db
def test_spend_of_a_campaign_or_a_network_has_the_keys_of_its_clicks(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    header = "day,cost,utm_source,utm_medium,utm_campaign,network\n"
    tags = ["5,google,cpc,winter,google-ads", "2,,,,meta-ads", "1,,,sale,"]
    spend(shop, tmp_path, header + "".join(f"2026-11-01,{line}\n" for line in tags))
    rows = shop.report(*DAYS, spend="1")["rows"]
    assert [(row["ad"], row["configured"], row["cost"]) for row in rows] == [
        ("google/cpc/winter", False, "5.000000"),
        ("meta-ads", False, "2.000000"),
        ("sale", False, "1.000000"),
    ]
    assert costs_by(shop, "campaign") == {"(none)": "2.000000", "sale": "1.000000", "winter": "5.000000"}
    assert costs_by(shop, "source") == {"(none)": "3.000000", "google": "5.000000"}
    assert costs_by(shop, "medium", source="google") == {"cpc": "5.000000"}
    assert costs_by(shop, "network", **{"network!": "meta-ads"}) == {"(none)": "6.000000"}
    assert costs_by(shop, "ad", network="meta-ads") == {"meta-ads": "2.000000"}
    shop.receive(shop.click("2026-11-01T10:00Z"))
    assert ("sale", 1, "1.000000") in shop.rows(*DAYS, "campaign", "clicks", "cost", by="campaign")
    assert costs_by(shop, "channel") == {"paid_search": "5.000000", "paid_social": "2.000000", "other": "1.000000"}


@pytest.mark.django_db
def test_costs_that_64_bits_do_not_hold_and_credits_add_up_to_the_micro(store: Store, tmp_path: Path) -> None:
    shop = DatedShop(store)
    spend(
        shop,
        tmp_path,
        HEADER + "2026-11-01,999999999999,EUR,1,1,summer,\n" * 20 + "2026-11-02,-0.000001,EUR,0,0,winter,\n",
    )
    (summer, winter) = shop.report(*DAYS)["rows"]
    assert (summer["cost"], winter["cost"]) == ("19999999999980.000000", "-0.000001")
    assert shop.report(*DAYS)["totals"]["cost"] == "19999999999979.999999"


NAMES = st.sampled_from(
    [SpendNames(ad="summer"), SpendNames(ad="gone"), SpendNames("", "google", "cpc", "x"), SpendNames()]
)
LINES = st.builds(SpendLine, st.sampled_from(DAYS), st.just("USD"), NAMES, *([st.integers(-9, 9)] * 3))
FILTERED = st.sampled_from([{}, {"ad": "summer"}, {"ad!": "summer"}, {"source": "google"}, {"network!": "(none)"}])


@given(lines=st.lists(LINES, max_size=8), by=st.permutations(KEYS[:-1]), keys=st.integers(1, 4), filters=FILTERED)
@settings(max_examples=50)
def test_the_costs_of_the_rows_are_those_of_the_totals(
    lines: list[SpendLine], by: list[str], keys: int, filters: dict[str, str]
) -> None:
    site = SiteConfig(key="s", currency="USD", ads=(Ad(key="summer", campaign="sale"),))
    wanted = [key for key in by if key != "goal"][:keys]
    query = read_query({"from": DAYS[0], "to": DAYS[1], "by": ",".join(wanted), "spend": "1", **filters}, site)
    report, _ = report_of_cells([], [], query, site, add_up(lines, [], query, site).sums)
    for column in ("cost", "impressions", "network_clicks"):
        found = sum(Decimal(getattr(row, column) or 0) for row in report.rows)
        assert found == Decimal(getattr(report.totals, column) or 0)
