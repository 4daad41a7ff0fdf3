"""The most frequent complaints about such tools, one test for each, on every store.

The tests use only the public surface: `/collect`, staff's API, the commands and the report.
"""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from conversions.attribution.credit import MODELS
from conversions.configuration.loading import forget_cached_sites
from conversions.store.port import Store
from tests.surface import Customer, at, days_ago, ids, ms
from tracker.archive import open_archive
from tracker.collection.hit import Batch, Hit, batch_id

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _tracker(inline: None, opened_store: Store, settings: Any) -> None:
    """Runs each test without a broker and without caches, on each store in turn."""
    settings.CONFIG_CACHE_SECONDS = 0
    settings.RETENTION_DAYS = 36_500  # the last change of a clock may be months ago


@pytest.fixture
def shop() -> Customer:
    return Customer()


ONE, TWO = ("1.000000", "29.900000"), ("2.000000", "59.800000")


def test_retries_duplicate_revenue(shop: Customer) -> None:
    # The answer to the browser got lost. The shop's server and its queue send the order, too, partly late.
    day = days_ago(5)
    sale = shop.sale(at(day), "A-17")
    shop.send(shop.click(at(day, "11:00")), sale)
    for later in (1, 60, 3_600):
        shop.send({**sale, "sent": ms(datetime.now(UTC))})
        shop.send(shop.sale(at(day) + timedelta(seconds=later), "A-17", visitor="server"))
    shop.send(sale, sale, sale)
    assert shop.credited(day) == {"banner": ONE}
    assert shop.report(day)["totals"]["clicks"] == 1


def test_same_second_conversions_collapse(shop: Customer) -> None:
    day = days_ago(5)
    shop.send(*(shop.sale(at(day), visitor=visitor) for visitor in ("ann", "ann", "bob")))
    shop.send(shop.sale(at(day), "A-1"), shop.sale(at(day), "A-2"))
    assert shop.total(day) == ("5.000000", "149.500000")


def test_a_re_import_counts_twice(shop: Customer, tmp_path: Path) -> None:
    day = days_ago(30)
    lines = [shop.sale(at(day) + n * timedelta(minutes=7), f"offline-{n}", f"{n}.50") for n in range(40)]
    shop.send(shop.click(at(day, "00:01")), *lines)
    first = shop.report(day, by="ad,hour")
    assert first["totals"]["conversions"] == "40.000000"
    # The whole file again, in another order, in parts, and with new hit ids.
    shop.send(*reversed(lines))
    for n in range(0, len(lines), 7):
        shop.send(*({**line, "id": f"again{next(ids)}"} for line in lines[n : n + 7]))
    assert shop.report(day, by="ad,hour") == first
    call_command("replay", site=shop.site, stdout=StringIO())
    assert shop.report(day, by="ad,hour") == first


def test_the_payment_providers_redirect_takes_the_credit(shop: Customer) -> None:
    # news -> shop -> pay.example -> thank-you page, with the landing page's parameters or without
    day, landing = days_ago(5), "https://shop.example/?utm_source=news&gclid=G-1"
    shop.ad("newsletter", rules=[{"source": "news"}])
    back = {"ref": "https://www.pay.example/checkout", "url": "https://shop.example/thanks"}
    shop.send(
        shop.hit("page", at(day, "11:00"), url=landing),
        shop.hit("page", at(day, "11:59"), **back),
        shop.sale(at(day), "A-1", **back),
        shop.hit("page", at(day, "13:00"), url=landing, visitor="bob"),
        shop.hit("page", at(day, "13:59"), url=f"{landing}&paid=1", ref=back["ref"], visitor="bob"),
        shop.sale(at(day, "14:00"), "A-2", visitor="bob"),
    )
    for model in MODELS:
        assert shop.credited(day, model=model) == {"newsletter": TWO}
    assert shop.report(day)["totals"]["clicks"] == 2


def test_attribution_lives_only_in_a_cookie(shop: Customer) -> None:
    # The browser lost its cookie between the click and the sale. The shop knows its customer and the first visit.
    day = days_ago(5)
    shop.send(shop.click(at(days_ago(20)), visitor="first-cookie"), shop.sale(at(day), "A-17", visitor="new-cookie"))
    assert shop.credited(day) == {"(nobody)": ONE}
    shop.send(shop.sale(at(day, "12:01"), "A-17", visitor="first-cookie"))
    assert shop.credited(day) == {"banner": ONE}


def test_attribution_of_signed_in_users_does_not_depend_on_a_cookie(shop: Customer) -> None:
    # phone: click, sign-in | laptop: purchase, sign-in the day after. Credit crosses in any order of arrival.
    day = days_ago(5)
    told = [
        shop.click(at(days_ago(7)), visitor="phone"),
        shop.hit("event", at(days_ago(7), "12:05"), name="signed-in", visitor="phone", user="customer-7"),
        shop.sale(at(day), "A-17", visitor="laptop"),
        shop.hit("event", at(days_ago(4)), name="signed-in", visitor="laptop", user="customer-7"),
    ]
    for hit in told:
        assert "banner" not in shop.credited(day)
        shop.send(hit)
    assert shop.credited(day) == {"banner": ONE}
    other = Customer()
    other.send(*({**hit, "site": other.site} for hit in reversed(told)))
    assert other.credited(day) == {"banner": ONE}
    # Another user who later signs in on the same laptop gets none of it.
    shop.send(shop.sale(at(days_ago(3)), "B-1", visitor="laptop", user="customer-8"))
    assert shop.credited(days_ago(3)) == {"(nobody)": ONE}


def test_segments_exceed_the_total(shop: Customer) -> None:
    day = days_ago(5)
    shop.goal("lead", event="lead", fixed_value="0.000007")
    for n, visitor in enumerate(("ann", "bob", "eve", "kim"), 1):
        shop.send(
            *(shop.click(at(day, f"{m:02}:00"), ad, visitor=visitor) for m, ad in enumerate("abc" * (n - 1) + "d", 1))
        )
        shop.send(shop.hit("event", at(day, "11:00"), visitor, name="lead"))
        shop.send(shop.sale(at(day, f"1{n}:00"), f"A-{n}", "0.10", visitor=visitor))
    for model in MODELS:
        for by in ("ad", "campaign", "goal", "day", "hour", "goal,ad,hour", "campaign,day"):
            report = shop.report(day, model=model, by=by)
            for column in ("conversions", "value"):
                parts = [*report["rows"], report["unattributed"]]
                exact = sum(int(part[column].replace(".", "")) for part in parts)
                assert exact == int(report["totals"][column].replace(".", "")), (model, by)
            assert report["totals"]["conversions"] == "8.000000"
    by_goal = {goal: shop.total(day, goal=goal) for goal in ("purchase", "lead")}
    assert by_goal == {"purchase": ("4.000000", "0.400000"), "lead": ("4.000000", "0.000028")}
    assert shop.total(day) == ("8.000000", "0.400028")


def test_goals_are_not_retroactive(shop: Customer) -> None:
    day = days_ago(5)
    shop.send(shop.click(at(day, "11:00")), shop.hit("event", at(day), name="newsletter"))
    assert shop.total(day) == ("0.000000", "0.000000")
    goal = shop.goal("newsletter", event="newsletter", fixed_value="2")
    past = {"from": str(days_ago(30))}
    answer = shop.staff.post(f"/api/goals/{goal['id']}/retroactive", past, content_type="application/json")
    assert answer.status_code == 202
    forget_cached_sites()
    call_command("replay", site=shop.site, stdout=StringIO())
    assert shop.credited(day) == {"banner": ("1.000000", "2.000000")}


def test_refunds(shop: Customer) -> None:
    sold, refunded = days_ago(20), days_ago(5)
    shop.send(shop.click(at(sold, "11:00")), *(shop.sale(at(sold), order) for order in ("A-1", "A-2", "A-3")))
    # two refunds of a part, one of them sent twice. A-2: a full refund. A-3: cancelled. A-4: the refund comes
    # before the order.
    part = shop.adjust(at(refunded), "A-1", "refund", "9.90")
    shop.send(part, part, shop.adjust(at(refunded, "13:00"), "A-1", "refund", "5.00"))
    shop.send(shop.adjust(at(refunded), "A-2", "refund", "29.90"), shop.adjust(at(refunded), "A-3", "retract"))
    shop.send(shop.adjust(at(refunded), "A-4", "refund", "29.90"))
    shop.send(shop.sale(at(sold), "A-4", "30.00"))
    assert shop.credited(sold) == {"banner": ("3.000000", "15.100000")}
    assert shop.total(refunded) == ("0.000000", "0.000000")
    shop.send(shop.adjust(at(refunded, "14:00"), "A-3", "restate", "10.00"))
    assert shop.credited(sold) == {"banner": ("4.000000", "25.100000")}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"])
def test_day_boundary_against_timezone(zone: str) -> None:
    shop, day = Customer(timezone=zone), days_ago(5)
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    midnight, next_midnight = at(day, "00:00", zone), at(after, "00:00", zone)
    shop.send(
        *(shop.sale(moment - timedelta(milliseconds=1), value="1") for moment in (midnight, next_midnight)),
        *(shop.sale(moment, value="10") for moment in (midnight, next_midnight)),
    )
    assert [shop.total(one) for one in (before, day, after)] == [
        ("1.000000", "1.000000"),
        ("2.000000", "11.000000"),
        ("1.000000", "10.000000"),
    ]
    shop.send(shop.click(midnight - timedelta(seconds=1)), shop.click(midnight))
    first, *_ = shop.report(day, by="hour")["rows"]
    assert (datetime.fromisoformat(first["hour"]), first["clicks"]) == (midnight, 1)


def clock_change(zone: str, longer: bool) -> date:
    """Return the last day before this week on which the clock of a timezone went back or forward."""
    day = days_ago(7)
    while True:
        length = at(day + timedelta(days=1), "00:00", zone).astimezone(UTC) - at(day, "00:00", zone).astimezone(UTC)
        if length != timedelta(days=1) and (length > timedelta(days=1)) == longer:
            return day
        day -= timedelta(days=1)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("longer", [True, False])
def test_day_boundary_on_the_days_on_which_the_clock_changes(zone: str, longer: bool) -> None:
    # Such a day may be too old for collection. These hits come from the archive, as in a replay.
    shop, day = Customer(timezone=zone), clock_change(zone, longer)
    since, until = (ms(at(one, "00:00", zone)) for one in (day, day + timedelta(days=1)))
    moments = [*range(since, until, 600_000), until - 1]
    outside = [since - 1, until]
    hits = [
        Hit(id=f"h{n}", site=shop.site, type="event", name="purchase", at=moment, received=moment, visitor=f"v{n}")
        for n, moment in enumerate([*moments, *outside])
    ]
    open_archive().put(Batch(batch_id(until, "old"), tuple(hits)))
    call_command("replay", site=shop.site, stdout=StringIO())
    assert shop.total(day)[0] == f"{len(moments)}.000000"
    assert shop.total(day - timedelta(days=1), day + timedelta(days=1))[0] == f"{len(hits)}.000000"


def test_cross_domain_checkout(shop: Customer) -> None:
    # The checkout is on another domain with another cookie. Both domains send the order, in any order.
    day = days_ago(5)
    shop.send(shop.click(at(day, "10:00"), visitor="on-shop.example"))
    shop.send(shop.click(at(day, "11:00"), "retargeting", visitor="on-pay.example"))
    shop.send(shop.sale(at(day), "A-17", visitor="on-pay.example"))
    shop.send(shop.sale(at(day) + HOUR, "A-17", visitor="on-shop.example"))
    assert shop.total(day) == ONE
    half = ("0.500000", "14.950000")
    assert shop.credited(day, model="linear") == {"banner": half, "retargeting": half}
    assert shop.credited(day, model="first")["banner"] == ONE


def test_cross_domain_checkout_of_a_customer_whom_both_domains_know(shop: Customer) -> None:
    day, known = days_ago(5), {"user": "customer-7"}
    shop.send(shop.click(at(day, "10:00"), visitor="on-shop.example", **known))
    shop.send(shop.sale(at(day), "A-17", visitor="on-pay.example", **known))
    assert shop.credited(day) == {"banner": ONE}


def test_invisible_bot_filtering(shop: Customer) -> None:
    day = datetime.now(UTC).date()
    query = {"site": shop.site, "type": "event", "name": "purchase", "value": "29.90"}
    assert Client().get("/collect", query, headers={"user-agent": GOOGLEBOT}).status_code == 200
    assert Client().get("/collect", query, headers={"user-agent": CHROME}).status_code == 200
    range_ = (day - timedelta(days=1), day + timedelta(days=1))
    assert shop.total(*range_) == ONE
    told = Client().get("/api/rejected", {"site": shop.site}, headers=shop.bearer("report")).json()
    assert told["counts"] == {"bot": 1}
    assert [(one["code"], "Googlebot" in one["detail"]) for one in told["results"]] == [("bot", True)]
    # A rejected hit is archived. With the switch off, a replay counts it.
    off = {"set_aside_bots": False}
    assert shop.staff.patch(f"/api/sites/{shop.site}", off, content_type="application/json").status_code == 200
    forget_cached_sites()
    call_command("replay", site=shop.site, stdout=StringIO())
    assert shop.total(*range_) == TWO


def test_click_date_against_conversion_date(shop: Customer) -> None:
    clicked, sold = days_ago(30), days_ago(5)
    shop.send(shop.click(at(clicked)), shop.sale(at(sold, "11:59"), "A-17"))
    shop.send(shop.sale(at(sold), visitor="nobody-knows-whence", value="1.00"))
    assert shop.credited(sold) == {"banner": ONE, "(nobody)": ("1.000000", "1.000000")}
    assert shop.credited(clicked) == {"banner": ("0.000000", "0.000000")}
    assert shop.credited(clicked, basis="click") == {"banner": ONE}
    assert shop.credited(sold, basis="click") == {"(nobody)": ("1.000000", "1.000000")}
    both = [shop.total(clicked, sold, basis=basis) for basis in ("click", "conversion")]
    assert both == [("2.000000", "30.900000")] * 2


def test_value_known_weeks_later(shop: Customer) -> None:
    day, weeks_later = days_ago(40), days_ago(5)
    lead = {name: text for name, text in shop.sale(at(day), "lead-7").items() if name != "value"}
    shop.send(shop.click(at(day, "11:00")), lead)
    assert shop.credited(day) == {"banner": ("1.000000", "0.000000")}
    shop.send(shop.adjust(at(weeks_later), "lead-7", "restate", "4200.00"))
    assert shop.credited(day) == {"banner": ("1.000000", "4200.000000")}
    assert shop.total(weeks_later) == ("0.000000", "0.000000")


def load_rates(folder: Path, *rows: tuple[str, str, str, str]) -> None:
    """Load a file of rates as an operator does."""
    file = folder / "rates.csv"
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([("day", "base", "quote", "rate"), *rows])
    call_command("load_rates", str(file), stdout=StringIO())


def test_currency_per_order(shop: Customer, tmp_path: Path) -> None:
    day, later = days_ago(20), days_ago(5)
    shop.send(
        shop.click(at(day, "11:00")),
        shop.sale(at(day), "A-1", "100.00"),
        shop.sale(at(day), "A-2", "100.00", currency="USD"),
        shop.sale(at(day), "A-3", "10000", currency="JPY"),
        shop.adjust(at(later), "A-2", "refund", "50.00", currency="USD"),
    )
    assert shop.credited(day) == {"banner": ("3.000000", "100.000000")}
    missing = {"conversions": 2, "values": {"JPY": "10000.000000", "USD": "50.000000"}}
    assert shop.report(day)["set_aside"] == {"no_rate": missing}
    load_rates(tmp_path, (str(day), "EUR", "USD", "1.25"), (str(later), "EUR", "USD", "1.60"))
    load_rates(tmp_path, (str(day), "EUR", "JPY", "160"))
    # 100 + 100 / 1.25 - 50 / 1.60 + 10,000 / 160
    assert shop.credited(day) == {"banner": ("3.000000", "211.250000")}
    assert shop.report(day)["set_aside"] == {"no_rate": {"conversions": 0, "values": {}}}


def test_two_same_named_goals(shop: Customer) -> None:
    day, other = days_ago(5), Customer()
    for key in ("sale-online", "sale-by-phone"):
        shop.goal(key, name="Sale", event=key)
    for key in ("sale-online", "sale-by-phone"):
        shop.send(shop.hit("event", at(day), name=key, value="10.00"))
    # The same key on another site is another goal. On the same site it is refused.
    other.goal("sale-online", name="Sale", event="sale-online")
    other.send(other.hit("event", at(day), name="sale-online", value="7.00"))
    again = shop.staff.post("/api/goals", {"site": shop.site, "key": "sale-online"}, content_type="application/json")
    assert (again.status_code, again.json()["error"]["code"]) == (400, "invalid")
    assert {key: shop.total(day, goal=key) for key in ("sale-online", "sale-by-phone")} == {
        "sale-online": ("1.000000", "10.000000"),
        "sale-by-phone": ("1.000000", "10.000000"),
    }
    assert (shop.total(day), other.total(day)) == (("2.000000", "20.000000"), ("1.000000", "7.000000"))
