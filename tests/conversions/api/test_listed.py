"""`/api/conversions` with a range: newest first, filters, pages, refusals, and the same credit as the report."""

from typing import Any

import pytest
from django.test import Client

from conversions.api import conversions as view
from conversions.attribution.credit import MODELS
from conversions.store.port import Store
from tests.openapi import described
from tests.reports import DatedShop

pytestmark = pytest.mark.django_db

RANGE = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.fixture
def shop(opened_store: Store) -> DatedShop:
    """A shop with sales on three days. Two sales follow clicks on two ads. One sale has no click, and one is
    retracted."""
    shop = DatedShop(opened_store)
    shop.process(
        shop.click("2026-11-10T08:00Z"),
        shop.click("2026-11-10T08:30Z", "winter"),
        shop.sale("2026-11-10T09:10Z", 10, order="o1"),
        shop.sale("2026-11-10T09:50Z", 20, order="o2"),
        shop.sale("2026-11-12T09:00Z", 30, visitor="bob"),
        shop.sale("2026-11-13T09:00Z", 40, visitor="cid", order="o4"),
        shop.hit("adjustment", "2026-11-13T10:00Z", kind="retract", order="o4"),
    )
    shop.roll_up()
    return shop


def ask(shop: DatedShop, url: str = "/api/conversions", **query: Any) -> Any:
    wanted = {"site": shop.key, **RANGE, **query} if query.get("site") != "" else query
    return described(Client().get(url, wanted, headers={"authorization": f"Bearer {shop.secret}"}))


def values(shop: DatedShop, **query: Any) -> list[int]:
    """Return the values of the listed conversions, in whole euros."""
    answer = ask(shop, **query)
    assert answer.status_code == 200, answer.content
    return [round(float(row["value"])) for row in answer.json()["results"]]


def refusal(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


def test_a_range_lists_its_conversions_newest_first_counted_or_with_the_reason(shop: DatedShop) -> None:
    answer = ask(shop).json()
    assert (answer["model"], answer["next"]) == ("last", None)
    told = [(row["at"][:16], row["order"], row["counted"], row["reason"]) for row in answer["results"]]
    assert told == [
        ("2026-11-13T09:00", "o4", False, "retracted"),
        ("2026-11-12T09:00", None, True, None),
        ("2026-11-10T09:50", "o2", True, None),
        ("2026-11-10T09:10", "o1", True, None),
    ]
    own = {"ad": "winter", "campaign": "", "configured": False, "included": True}
    assert answer["results"][2]["ads"] == [{**own, "credit": "1.000000", "value": "20.000000"}]


def test_filters_leave_out_goals_ads_values_and_what_does_not_count(shop: DatedShop) -> None:
    assert values(shop, counted="false") == [40]
    assert values(shop, counted="true", min_value="20", max_value="30") == [30, 20]
    assert values(shop, goal="signup") == []
    assert values(shop, goal=["signup", "purchase"]) == [40, 30, 20, 10]
    assert values(shop, ad="summer") == []
    assert values(shop, ad="summer", model="linear") == [20, 10]
    assert values(shop, **{"from": "2026-11-12", "to": "2026-11-12"}) == [30]


def test_the_filters_of_reports_hold_for_the_list(shop: DatedShop) -> None:
    tagged = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=x"
    shop.process(
        shop.hit("page", "2026-11-20T08:00Z", "dan", url=tagged),
        shop.hit("page", "2026-11-20T08:10Z", "dan", url="https://shop.example/?fbclid=F1"),
        shop.sale("2026-11-20T09:00Z", 50, visitor="dan"),
    )
    found = [
        ({"channel": "paid_search"}, []),
        ({"channel": "paid_search", "model": "first"}, [50]),
        ({"channel": "paid_social"}, [50]),
        ({"network": ["meta-ads", "google-ads"]}, [50]),
        ({"network!": "meta-ads"}, [40, 30, 20, 10]),
        ({"source": "google", "medium": "cpc", "campaign": "x", "model": "linear"}, [50]),
        ({"source": "google", "medium!": "cpc", "model": "linear"}, []),
        ({"ad!": ["winter", "meta-ads"]}, [40, 30]),
        ({"campaign!": "(none)", "counted": "true"}, [30]),
        ({"goal!": "purchase"}, []),
        ({"attributed": "true"}, [50, 20, 10]),
        ({"attributed": "false", "counted": "true"}, [30]),
    ]
    assert [(query, values(shop, **query)) for query, _ in found] == found


def test_a_conversion_says_what_it_adds_to_the_report_with_the_same_filters(shop: DatedShop) -> None:
    def reported(**query: str) -> list[tuple[str, str]]:
        return [tuple(row["reported"].values()) for row in ask(shop, model="linear", **query).json()["results"]]

    whole = ("1.000000", "20.000000")
    assert reported() == [("0.000000", "0.000000"), ("1.000000", "30.000000"), whole, ("1.000000", "10.000000")]
    (row, _) = ask(shop, model="linear", ad="winter").json()["results"]
    assert {one["ad"]: one["included"] for one in row["ads"]} == {"winter": True, "summer": False}
    assert reported(ad="winter") == [("0.500000", "10.000000"), ("0.500000", "5.000000")]


def test_pages_follow_one_another_and_leave_nothing_out(shop: DatedShop) -> None:
    whole = [row["id"] for row in ask(shop).json()["results"]]
    read, answer = [], ask(shop, limit="1").json()
    while answer["next"]:
        read += [row["id"] for row in answer["results"]]
        answer = described(Client().get(answer["next"], headers={"authorization": f"Bearer {shop.secret}"})).json()
    assert read + [row["id"] for row in answer["results"]] == whole


def test_a_page_that_takes_too_long_ends_early_and_the_next_one_goes_on(
    shop: DatedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "PAGE_SECONDS", 0)
    read, answer, pages = [], ask(shop).json(), 1
    while answer["next"]:
        read += answer["results"]
        answer = described(Client().get(answer["next"], headers={"authorization": f"Bearer {shop.secret}"})).json()
        pages += 1
    assert len(read) == 4
    assert pages > 4


def test_the_credit_of_the_listed_conversions_is_that_of_the_report_under_every_model(shop: DatedShop) -> None:
    for model in MODELS:
        rows = ask(shop, model=model, counted="true").json()["results"]
        report = shop.report(*RANGE.values(), model=model)
        for name in ("summer", "winter"):
            mine = [one for row in rows for one in row["ads"] if one["ad"] == name]
            of_report = [row for row in report["rows"] if row["ad"] == name]
            for column, key in (("credit", "conversions"), ("value", "value")):
                assert micros(one[column] for one in mine) == micros(row[key] for row in of_report)
        assert micros(row["value"] for row in rows) == micros([report["totals"]["value"]])


def micros(amounts: Any) -> int:
    return sum(int(amount.replace(".", "")) for amount in amounts)


#: Parameters of a list -> the status, the code and the field of the refusal.
REFUSED: list[tuple[dict[str, str], tuple[int, str, str]]] = [
    ({"from": ""}, (400, "bad_day", "from")),
    ({"from": "2026-12-01"}, (400, "bad_range", "to")),
    ({"from": "2020-01-01"}, (400, "range_too_long", "to")),
    ({"limit": "1000000000"}, (400, "bad_limit", "limit")),
    ({"limit": "0"}, (400, "bad_limit", "limit")),
    ({"counted": "perhaps"}, (400, "bad_counted", "counted")),
    ({"model": "best"}, (400, "bad_model", "model")),
    ({"goal": "none"}, (404, "unknown_goal", "goal")),
    ({"colour": "red"}, (400, "unknown_parameter", "colour")),
    ({"!": "red"}, (400, "unknown_parameter", "!")),
    ({"channel!": "paid-search"}, (400, "unknown_channel", "channel!")),
    ({"attributed": "perhaps"}, (400, "bad_attributed", "attributed")),
    ({"min_value": "1e9"}, (400, "bad_value", "min_value")),
    ({"ad": "x" * 1_001}, (400, "bad_filter", "ad")),
    ({"after": "forged"}, (400, "bad_page", "after")),
    ({"after": f"{10**30}.0.1.a.b"}, (400, "bad_page", "after")),
    ({"after": "1.256.1.a.b"}, (400, "bad_page", "after")),
]


def test_a_list_that_cannot_be_made_is_refused_with_the_field(shop: DatedShop) -> None:
    assert [(query, refusal(ask(shop, **query))) for query, _ in REFUSED] == REFUSED


def test_the_browsable_apis_format_is_no_filter(shop: DatedShop) -> None:
    assert values(shop, format="json") == [40, 30, 20, 10]


#: Names of ads as strangers may write them.
ODD = (
    "a,b",
    "x/y/z",
    "x//y",
    " ",
    "!",
    "ad!=x",
    "&ad=y",
    "(none)",
    "(other)",
    "%",
    "+",
    "\U0001f642",
    '";x 1.0',
    "=1",
    "\n",
)


def test_an_ad_with_an_odd_name_is_found_by_its_name(shop: DatedShop) -> None:
    clicks = [shop.click("2026-11-21T08:00Z", name, visitor=name) for name in ODD]
    sales = [shop.sale("2026-11-21T09:00Z", 100 + n, visitor=name) for n, name in enumerate(ODD)]
    shop.process(*clicks, *sales)
    shop.roll_up()
    for n, name in enumerate(ODD):
        assert values(shop, ad=name) == [100 + n], name
        report = ask(shop, "/api/reports/conversions", ad=name).json()
        assert [(row["ad"], row["value"]) for row in report["rows"]] == [(name, f"{100 + n}.000000")]
    assert len(values(shop, **{"ad!": list(ODD)})) == 4


def test_a_made_up_cursor_shows_nothing_outside_the_range(shop: DatedShop) -> None:
    assert values(shop, after=f"{1 << 60}.255.{1 << 60}.zz.zz", **{"from": "2026-11-12", "to": "2026-11-12"}) == [30]
    assert values(shop, after=f"-{1 << 60}.0.0.a.b") == []


def test_another_accounts_conversions_are_not_listed(shop: DatedShop) -> None:
    other = DatedShop(shop.store)
    answer = described(
        Client().get(
            "/api/conversions", {"site": shop.key, **RANGE}, headers={"authorization": f"Bearer {other.secret}"}
        )
    )
    assert refusal(answer) == (404, "unknown_site", "site")
