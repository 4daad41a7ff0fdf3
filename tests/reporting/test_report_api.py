"""The report API, from hits to the report: on every store, and over HTTP."""

import csv
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from conversions.marks.marks import draw_token, mark_buckets, mark_places
from conversions.models import Ad, Campaign, Marker
from conversions.store.adapters import open_store
from conversions.store.port import CellSet, Store, StoreUnavailable
from conversions.units.clock import HOUR_MS, day_start
from reporting.report.table import flat
from tests.openapi import described, description
from tests.reports import DatedShop, marker_came_through, ms
from tracker.models import Token

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY, WEDNESDAY = "2026-11-23", "2026-11-24", "2026-11-25"
NOTHING = {"conversions": "0.000000", "value": "0.000000"}


class TestFigures:
    """Figures, on every store."""

    def test_a_click_and_the_sale_it_brought_are_one_row(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(
            shop.click("2026-11-23T10:00Z"),
            shop.sale("2026-11-23T11:00Z", 30),
            shop.sale("2026-11-23T12:00Z", 5, visitor="bob"),
        )
        report = shop.report(MONDAY, MONDAY)
        assert report["rows"] == [
            {
                "ad": "summer",
                "configured": True,
                "clicks": 1,
                "views": 0,
                "conversions": "1.000000",
                "value": "30.000000",
            }
        ]
        assert report["unattributed"] == {"conversions": "1.000000", "value": "5.000000"}
        assert report["totals"] == {"clicks": 1, "views": 0, "conversions": "2.000000", "value": "35.000000"}
        assert {key: report[key] for key in ("site", "timezone", "currency", "model", "basis")} == {
            "site": shop.site.key,
            "timezone": "UTC",
            "currency": "EUR",
            "model": "last",
            "basis": "conversion",
        }

    def test_each_model_divides_a_sale_in_its_own_way(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(
            shop.click("2026-11-23T10:00Z"),
            shop.click("2026-11-23T11:00Z", ad="mail"),
            shop.click("2026-11-23T12:00Z", ad="mail"),
            shop.sale("2026-11-23T13:00Z", 1),
        )
        shares = {
            model: shop.rows(MONDAY, MONDAY, "ad", "configured", "conversions", "value", model=model)
            for model in ("last", "first", "linear")
        }
        assert shares == {
            "last": [("mail", False, "1.000000", "1.000000"), ("summer", True, "0.000000", "0.000000")],
            "first": [("mail", False, "0.000000", "0.000000"), ("summer", True, "1.000000", "1.000000")],
            "linear": [("mail", False, "0.666666", "0.666666"), ("summer", True, "0.333334", "0.333334")],
        }

    def test_sales_without_an_ad_are_told_by_goal_and_source_and_filters_narrow_them(self, store: Store) -> None:
        shop = DatedShop(store)
        page = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=x"
        shop.receive(
            shop.hit("page", "2026-11-23T10:00Z", url=page),
            shop.sale("2026-11-23T11:00Z", 30),
            shop.sale("2026-11-24T12:00Z", 5, visitor="bob"),
        )
        by_source = shop.report(MONDAY, TUESDAY, by="source,medium,goal", models="last,linear")
        assert [(row["source"], row["medium"], row["goal"], row["value"]) for row in by_source["rows"]] == [
            ("google", "cpc", "purchase", "30.000000")
        ]
        assert by_source["unattributed"]["rows"] == [
            {"goal": "purchase", "conversions": "1.000000", "value": "5.000000"}
        ]
        by_week = shop.rows(MONDAY, TUESDAY, "week", "value", "unattributed", by="week")
        assert by_week == [("2026-W48", "30.000000", {"conversions": "1.000000", "value": "5.000000"})]
        assert shop.report(MONDAY, TUESDAY, source="google")["totals"]["value"] == "30.000000"
        assert shop.report(MONDAY, TUESDAY, **{"source!": "google"})["totals"]["value"] == "5.000000"

    def test_sales_are_told_by_channel_as_ads_campaigns_and_the_site_say(self, store: Store) -> None:
        shop = DatedShop(store)
        tagged = "https://shop.example/?utm_source={}&utm_medium=cpc&utm_campaign=x"
        shop.receive(
            *(shop.hit("page", "2026-11-23T10:00Z", v, url=tagged.format(v)) for v in ("google", "newscast")),
            shop.click("2026-11-23T10:00Z"),
            *(shop.sale("2026-11-23T11:00Z", visitor=visitor) for visitor in ("google", "newscast", "ann", "bob")),
        )
        assert shop.rows(MONDAY, MONDAY, "channel", by="channel") == [("other",), ("paid_other",), ("paid_search",)]
        shop.site.channels = [{"channel": "podcast", "source": "*CAST"}]
        shop.site.save()
        Campaign.objects.filter(site=shop.site).update(channel="television")
        assert shop.rows(MONDAY, MONDAY, "channel", "conversions", by="channel") == [
            *(("paid_search", "1.000000"), ("podcast", "1.000000"), ("television", "1.000000")),
        ]
        Ad.objects.filter(campaign__site=shop.site).update(channel="radio")
        only = shop.report(MONDAY, MONDAY, by="channel,goal", channel="radio")
        assert ([row["channel"] for row in only["rows"]], only["totals"]["conversions"]) == (["radio"], "1.000000")

    def test_an_empty_range_is_an_empty_report(self, store: Store) -> None:
        report = DatedShop(store).report(MONDAY, WEDNESDAY)
        assert (report["rows"], report["unattributed"]) == ([], NOTHING)
        assert report["totals"] == {"clicks": 0, "views": 0, **NOTHING}

    @pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
    @pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_the_first_and_the_last_possible_day_are_answered(self, store: Store, day: str, timezone: str) -> None:
        assert DatedShop(store, timezone=timezone).report(day, day, basis="click")["rows"] == []

    def test_a_long_range_is_read_to_its_last_day(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(shop.click("2026-01-01T00:00Z"), shop.click("2026-06-30T12:00Z"), shop.click("2026-12-31T23:59Z"))
        assert shop.rows("2026-01-01", "2026-12-31", "clicks") == [(3,)]

    def test_a_click_that_arrives_after_its_sale_still_earns_it(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(shop.sale("2026-11-24T10:00Z"))
        assert shop.report(TUESDAY, TUESDAY)["unattributed"]["conversions"] == "1.000000"
        shop.receive(shop.click("2026-11-23T10:00Z"))
        assert shop.rows(TUESDAY, TUESDAY, "ad", "clicks", "conversions") == [("summer", 0, "1.000000")]
        assert shop.report(TUESDAY, TUESDAY)["unattributed"] == NOTHING

    def test_a_refund_on_the_next_day_changes_the_day_of_the_sale(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(shop.click("2026-11-23T09:00Z"), shop.sale("2026-11-23T10:00Z", 30, order="o1"))
        shop.receive(shop.hit("adjustment", "2026-11-24T10:00Z", order="o1", kind="refund", value=12_500_000))
        assert shop.rows(MONDAY, WEDNESDAY, "day", "conversions", "value", by="day") == [
            (MONDAY, "1.000000", "17.500000")
        ]

    def test_with_basis_click_a_sale_counts_on_the_day_of_its_touch(self, store: Store) -> None:
        # click on the 23rd, 23:59:59 --- exactly 30 days ---> sale on 23 December; bob's sale has no touch
        shop = DatedShop(store)
        shop.receive(
            shop.click("2026-11-23T23:59:59Z"),
            shop.sale("2026-12-23T23:59:59Z", 30),
            shop.sale("2026-11-23T12:00Z", 5, visitor="bob"),
            shop.sale("2026-11-25T12:00Z", 7, visitor="eve"),
        )
        by_click = shop.report(MONDAY, TUESDAY, basis="click", by="day,ad")
        assert [(row["day"], row["clicks"], row["value"]) for row in by_click["rows"]] == [(MONDAY, 1, "30.000000")]
        assert by_click["unattributed"]["value"] == "5.000000"
        assert by_click["totals"] == {"clicks": 1, "views": 0, "conversions": "2.000000", "value": "35.000000"}
        assert shop.report("2026-12-23", "2026-12-23", basis="click")["rows"] == []
        assert shop.rows("2026-12-23", "2026-12-23", "clicks", "value") == [(0, "30.000000")]

    def test_one_goal_and_all_goals(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(
            shop.click("2026-11-23T10:00Z"),
            shop.sale("2026-11-23T11:00Z", 3),
            shop.hit("event", "2026-11-23T12:00Z", name="signup"),
        )
        assert shop.rows(MONDAY, MONDAY, "goal", "ad", "clicks", "conversions", by="goal,ad") == [
            ("purchase", "summer", None, "1.000000"),
            ("signup", "summer", None, "1.000000"),
        ]
        assert shop.rows(MONDAY, MONDAY, "clicks", "conversions", goal="signup") == [(1, "1.000000")]
        assert shop.report(MONDAY, MONDAY, by="goal")["totals"]["conversions"] == "2.000000"

    def test_a_new_ad_renames_past_touches(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(shop.click("2026-11-23T10:00Z", ad="mail"), shop.sale("2026-11-23T11:00Z"))
        assert shop.rows(MONDAY, MONDAY, "ad", "configured", "campaign", by="ad,campaign") == [
            ("mail", False, "(none)")
        ]
        summer = Ad.objects.get(campaign__site=shop.site)
        Ad.objects.create(campaign=summer.campaign, key="mail")
        shop.roll_up()
        assert shop.rows(MONDAY, MONDAY, "ad", "configured", "campaign", by="ad,campaign") == [("mail", True, "sale")]


class TestDays:
    """Days and hours follow the site's timezone."""

    def test_a_day_begins_at_the_sites_midnight(self, store: Store) -> None:
        shop = DatedShop(store, timezone="Europe/Berlin")
        shop.receive(*(shop.click(f"2026-11-{at}Z") for at in ("22T22:59:59", "22T23:00", "23T22:59:59", "23T23:00")))
        assert shop.rows("2026-11-22", TUESDAY, "day", "clicks", by="day") == [
            ("2026-11-22", 1),
            (MONDAY, 2),
            (TUESDAY, 1),
        ]
        assert shop.rows(MONDAY, MONDAY, "clicks") == [(2,)]

    def test_hours_of_a_half_hour_zone_begin_at_half_past(self, store: Store) -> None:
        shop = DatedShop(store, timezone="Asia/Kolkata")
        shop.receive(*(shop.click(f"2026-11-22T{at}Z") for at in ("18:29:59", "18:30", "19:29:59", "19:30")))
        assert shop.rows(MONDAY, MONDAY, "day", "hour", "clicks", by="day,hour") == [
            (MONDAY, "2026-11-22T18:30:00Z", 2),
            (MONDAY, "2026-11-22T19:30:00Z", 1),
        ]
        assert shop.rows("2026-11-22", "2026-11-22", "hour", by="hour") == [("2026-11-22T17:30:00Z",)]

    @pytest.mark.parametrize(
        ("day", "begins", "hours"), [("2026-10-25", "2026-10-24T22", 25), ("2026-03-29", "2026-03-28T23", 23)]
    )
    def test_a_day_on_which_the_clock_changes_has_all_its_hours(
        self, store: Store, day: str, begins: str, hours: int
    ) -> None:
        shop = DatedShop(store, timezone="Europe/Berlin")
        start = ms(f"{begins}:00Z")
        shop.receive(*(shop.click(start + n * HOUR_MS) for n in range(-1, hours + 1)))
        assert shop.rows(day, day, "clicks") == [(hours,)]
        by_hour = shop.rows(day, day, "hour", "clicks", by="hour")
        assert len(by_hour) == hours
        assert by_hour[0] == (f"{begins}:00:00Z", 1)


class TestSealed:
    """The instant until which a report is sealed."""

    def sealed(self, shop: DatedShop, day: str = MONDAY, **parameters: str) -> tuple[str, bool]:
        report = shop.report(day, day, **parameters)
        return report["sealed_until"], report["provisional"]

    def test_nothing_is_sealed_before_the_first_marker(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.roll_up()
        assert self.sealed(shop) == ("1970-01-01T00:00:00Z", True)

    def test_everything_is_sealed_until_ten_minutes_before_the_last_marker(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.roll_up()
        marker_came_through(["2026-11-24T00:09:59Z"])
        assert self.sealed(shop) == ("2026-11-23T23:59:59Z", True)
        marker_came_through(["2026-11-24T00:10:00.999Z", "2026-11-23T00:00Z"])
        assert self.sealed(shop) == ("2026-11-24T00:00:00Z", False)

    def test_hits_sent_again_hold_back_the_sealed_instant_until_a_later_marker(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.roll_up()
        marker_came_through(["2026-11-24T06:05Z"])
        Marker.put_back(ms("2026-11-24T06:02Z"), ms("2026-11-24T07:00Z"))
        Marker.put_back(ms("2026-11-24T06:01Z"), ms("2026-11-24T06:50Z"))
        assert self.sealed(shop)[0] == "2026-11-24T05:51:00Z"
        marker_came_through(["2026-11-24T06:21Z", "2026-11-24T06:59:59Z"])
        assert self.sealed(shop)[0] == "2026-11-24T05:51:00Z"
        marker_came_through(["2026-11-24T07:09:59Z"])
        assert self.sealed(shop)[0] == "2026-11-24T05:52:00Z"
        marker_came_through(["2026-11-24T07:10Z"])
        assert self.sealed(shop)[0] == "2026-11-24T07:00:00Z"

    def test_the_sealed_instant_ends_with_the_range_at_the_sites_midnight(self, store: Store) -> None:
        shop = DatedShop(store, timezone="America/New_York")
        shop.roll_up()
        marker_came_through(["2026-11-24T05:09:59Z"])
        assert self.sealed(shop)[1] is True
        marker_came_through(["2026-11-24T05:10:00Z"])
        assert self.sealed(shop)[1] is False

    def test_a_marked_bucket_holds_back_the_sealed_instant_until_it_is_rolled_up(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.roll_up()
        marker_came_through(["2026-11-25T00:00Z"])
        shop.process(shop.click("2026-11-20T10:30Z"), shop.click("2026-11-22T10:30Z"))
        assert self.sealed(shop) == ("2026-11-20T10:00:00Z", True)
        shop.roll_up()
        assert self.sealed(shop) == ("2026-11-24T23:50:00Z", False)

    def test_a_change_of_configuration_holds_back_the_sealed_instant_to_the_first_bucket(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.receive(shop.click("2026-11-20T10:30Z"), shop.click("2026-11-22T10:30Z"))
        marker_came_through(["2026-12-01T00:00Z"])
        Ad.objects.get(campaign__site=shop.site).save()
        assert self.sealed(shop) == ("2026-11-20T10:00:00Z", True)
        shop.roll_up()
        assert self.sealed(shop)[1] is False

    def test_later_hours_of_an_unread_batch_hold_back_the_sealed_instant_until_they_are_rolled_up(
        self, store: Store
    ) -> None:
        shop = DatedShop(store)
        shop.receive(shop.click("2026-11-20T10:30Z"), shop.click("2026-11-22T10:30Z"))
        marker_came_through(["2026-11-25T00:00Z"])
        mark_places({}, [(shop.key, day_start("2026-11-21", "UTC") + HOUR_MS - 1)])
        assert self.sealed(shop) == ("2026-11-21T00:00:00Z", True)
        shop.roll_up()
        assert self.sealed(shop) == ("2026-11-24T23:50:00Z", False)

    def test_with_basis_click_the_sealed_instant_is_earlier_by_the_longest_window(self, store: Store) -> None:
        shop = DatedShop(store)
        shop.roll_up()
        marker_came_through(["2026-11-24T00:09Z"])
        assert self.sealed(shop, "2026-10-24", basis="click") == ("2026-10-24T23:59:00Z", True)
        marker_came_through(["2026-11-24T00:10Z"])
        assert self.sealed(shop, "2026-10-24", basis="click") == ("2026-10-25T00:00:00Z", False)

    def test_another_sites_marks_do_not_hold_back_the_sealed_instant(self, store: Store) -> None:
        shop, other = DatedShop(store), DatedShop(store)
        shop.roll_up()
        marker_came_through(["2026-12-01T00:00Z"])
        other.process(other.click("2026-11-01T00:00Z"))
        assert self.sealed(shop)[1] is False


class TestLive:
    """The live figures of the open hour."""

    def test_live_figures_count_hits_before_they_are_rolled_up(self, store: Store) -> None:
        shop = DatedShop(store, timezone="Asia/Kolkata")
        shop.process(
            shop.click("2026-11-23T10:30Z"),
            shop.click("2026-11-23T10:40Z", ad="stray"),
            shop.sale("2026-11-23T10:45Z", 9),
            shop.hit("event", "2026-11-23T10:50Z", name="signup"),
            shop.click("2026-11-23T10:29:59Z"),
        )
        live = shop.report(MONDAY, MONDAY, now="2026-11-23T11:29:59Z")["live"]
        assert live == {
            "since": "2026-11-23T10:30:00Z",
            "hits": 4,
            "clicks": 2,
            "conversions": 2,
            "value": "9.000000",
        }
        one_goal = shop.report(MONDAY, MONDAY, now="2026-11-23T11:29:59Z", goal="signup")["live"]
        assert (one_goal["hits"], one_goal["conversions"], one_goal["value"]) == (4, 1, "0.000000")

    def test_an_hour_without_hits_is_all_zeros(self, store: Store) -> None:
        live = DatedShop(store).report(MONDAY, MONDAY, now="2026-11-23T11:00Z")["live"]
        assert live == {"since": "2026-11-23T11:00:00Z", "hits": 0, "clicks": 0, "conversions": 0, "value": "0.000000"}

    def test_live_figures_are_null_if_the_range_excludes_the_sites_today(self, store: Store) -> None:
        shop = DatedShop(store, timezone="Asia/Kolkata")
        assert shop.report(MONDAY, MONDAY, now="2026-11-22T18:29:59Z")["live"] is None
        assert shop.report(MONDAY, MONDAY, now="2026-11-22T18:30:00Z")["live"] is not None
        assert shop.report(MONDAY, MONDAY, now="2026-11-23T18:30:00Z")["live"] is None


@pytest.fixture
def shop(db: None) -> DatedShop:
    """A shop on the store that the settings name."""
    return DatedShop(open_store())


def get(client: Client, shop: DatedShop, secret: str = "", **parameters: str) -> Any:
    """Return the answer to a program with the shop's token."""
    wanted = {"site": shop.site.key, "from": MONDAY, "to": MONDAY, **parameters}
    return described(
        client.get("/api/reports/conversions", wanted, headers={"authorization": f"Bearer {secret or shop.secret}"})
    )


def error_of(answer: Any) -> tuple[int, str, str | None]:
    body = answer.json()["error"]
    assert set(body) == {"code", "field", "detail"}
    return answer.status_code, body["code"], body["field"]


class TestHttp:
    """Over HTTP, on the store that the settings name."""

    def test_the_answer_has_the_contracts_shape(self, client: Client, shop: DatedShop) -> None:
        shop.receive(shop.click("2026-11-23T10:00Z"), shop.sale("2026-11-23T11:00Z", 30))
        answer = get(client, shop)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.headers["Cache-Control"] == "no-store"
        assert list(answer.json()) == [
            "site", "timezone", "currency", "model", "basis", "rows", "unattributed", "totals", "sealed_until",
            "provisional", "live", "recounting", "set_aside", "fit",
        ]  # fmt: skip
        assert list(answer.json()["rows"][0]) == ["ad", "configured", "clicks", "views", "conversions", "value"]
        assert answer.json()["rows"][0]["value"] == "30.000000"

    def test_two_accounts_cant_see_each_other(self, client: Client, shop: DatedShop) -> None:
        other = DatedShop(shop.store)
        shop.receive(shop.click("2026-11-23T10:00Z"))
        other.receive(other.click("2026-11-23T10:00Z", ad="theirs"))
        assert [row["ad"] for row in get(client, shop).json()["rows"]] == ["summer"]
        assert [row["ad"] for row in get(client, other).json()["rows"]] == ["theirs"]
        foreign = get(client, shop, other.secret)
        assert error_of(foreign) == (404, "unknown_site", "site")
        assert foreign.json() == get(client, shop, site="nowhere").json()

    def test_signed_in_people_read_their_own_accounts_reports(self, client: Client, shop: DatedShop) -> None:
        user = User.objects.create_user("ann")
        client.force_login(user)
        wanted = {"site": shop.site.key, "from": MONDAY, "to": MONDAY}
        assert client.get("/api/reports/conversions", wanted).status_code == 404
        shop.account.users.add(user)
        assert client.get("/api/reports/conversions", wanted).status_code == 200

    def test_without_a_valid_token_or_session_there_is_no_report(self, client: Client, shop: DatedShop) -> None:
        answer = client.get("/api/reports/conversions", {"site": shop.site.key, "from": MONDAY, "to": MONDAY})
        assert error_of(answer) == (401, "not_authenticated", None)
        assert error_of(get(client, shop, "wrong")) == (401, "bad_token", None)
        _, ingest = Token.issue(shop.account, "ingest")
        assert error_of(get(client, shop, ingest)) == (401, "bad_token", None)

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"site": ""}, (400, "missing_site", "site")),
            ({"site": "a\0b"}, (404, "unknown_site", "site")),
            ({"from": "yesterday"}, (400, "bad_day", "from")),
            ({"to": "2026-11-22"}, (400, "bad_range", "to")),
            ({"to": "2028-11-22"}, (400, "range_too_long", "to")),
            ({"model": "magic"}, (400, "bad_model", "model")),
            ({"by": "ad,hour", "basis": "click"}, (400, "bad_by", "by")),
            ({"goal": "\ud7ff\0"}, (404, "unknown_goal", "goal")),
            ({"format": "xml"}, (400, "bad_format", "format")),
            ({"chanel": "email"}, (400, "unknown_parameter", "chanel")),
            ({"by": "ad,colour"}, (400, "bad_by", "by")),
        ],
    )
    def test_a_bad_query_is_refused_with_a_code_and_field(
        self, client: Client, shop: DatedShop, parameters: dict[str, str], error: tuple[int, str, str]
    ) -> None:
        assert error_of(get(client, shop, **parameters)) == error

    def test_a_query_of_too_many_parameters_is_refused(self, client: Client, shop: DatedShop) -> None:
        assert error_of(get(client, shop, **{f"p{n}": "x" for n in range(500)})) == (400, "bad_query", None)

    def test_the_format_parameter_decides_and_not_the_accept_header(self, client: Client, shop: DatedShop) -> None:
        headers = {"authorization": f"Bearer {shop.secret}", "accept": "image/png"}
        wanted = {"site": shop.site.key, "from": MONDAY, "to": MONDAY}
        assert client.get("/api/reports/conversions", wanted, headers=headers).headers["Content-Type"] == (
            "application/json"
        )

    def test_only_reading_is_allowed(self, client: Client, shop: DatedShop) -> None:
        headers = {"authorization": f"Bearer {shop.secret}"}
        assert error_of(client.post("/api/reports/conversions", headers=headers)) == (405, "method_not_allowed", None)

    @pytest.mark.parametrize("by", ["ad", "ad,campaign,source", "goal,ad", "week", "hour,ad"])
    def test_the_csv_has_the_same_figures_as_the_json(self, client: Client, shop: DatedShop, by: str) -> None:
        names = ["=HYPERLINK(1)", "-5", 'a "b", c', "käse\n2", "@x", "summer"]
        shop.receive(
            *(shop.click(f"2026-11-23T10:0{n}Z", ad=ad, visitor=f"v{n}") for n, ad in enumerate(names)),
            *(shop.sale("2026-11-23T11:00Z", 3, visitor=f"v{n}") for n in range(0, 6, 2)),
        )
        rows = [flat(row) for row in get(client, shop, by=by, models="last,linear").json()["rows"]]
        answer = get(client, shop, by=by, models="last,linear", format="csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        name = f"conversions-{shop.site.key}-{MONDAY}-{MONDAY}.csv"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        table = list(csv.DictReader(StringIO(answer.content.decode(), newline="")))
        as_text = [{key: "" if value is None else text_of(value) for key, value in row.items()} for row in rows]
        assert [{key: value.removeprefix("'") for key, value in row.items()} for row in table] == as_text
        assert list(table[0]) == list(rows[0])
        assert not any(value.startswith(("=", "@")) for row in table for value in row.values())

    def test_a_client_reads_rows_by_pages_in_its_own_order(self, client: Client, shop: DatedShop) -> None:
        shop.receive(*(shop.click(f"2026-11-23T10:0{n}Z", ad=f"ad{n % 3}", visitor=f"v{n}") for n in range(6)))
        shop.receive(shop.click("2026-11-23T11:00Z", ad="ad1"))
        wanted = {"order": "-clicks", "limit": "2"}
        first = get(client, shop, **wanted).json()
        second = get(client, shop, **wanted, after=first["next"]).json()
        assert [[row["ad"] for row in page["rows"]] for page in (first, second)] == [["ad1", "ad0"], ["ad2"]]
        assert second["next"] is None
        assert first["totals"] == second["totals"] == get(client, shop).json()["totals"]
        assert error_of(get(client, shop, **wanted, after="x")) == (400, "bad_page", "after")

    def test_days_are_compared_with_those_before(self, client: Client, shop: DatedShop) -> None:
        shop.receive(
            shop.click("2026-11-22T10:00Z"), shop.sale("2026-11-22T11:00Z", 7), shop.click("2026-11-23T10:00Z")
        )
        previous = get(client, shop, compare="previous").json()["previous"]
        alone = get(client, shop, **{"from": "2026-11-22", "to": "2026-11-22"}).json()
        assert (previous.pop("from"), previous.pop("to")) == ("2026-11-22", "2026-11-22")
        assert previous == {name: alone[name] for name in ("rows", "unattributed", "totals", "provisional")}

    def test_a_client_that_has_the_answer_already_gets_only_its_tag(self, client: Client, shop: DatedShop) -> None:
        marker_came_through(["2026-11-25T00:00Z"])
        shop.receive(shop.click("2026-11-23T10:00Z"))
        first = get(client, shop)
        marker_came_through(["2026-11-26T00:00Z"])
        headers = {"authorization": f"Bearer {shop.secret}", "if-none-match": first.headers["ETag"]}
        wanted = {"site": shop.site.key, "from": MONDAY, "to": MONDAY}
        again = client.get("/api/reports/conversions", wanted, headers=headers)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert client.get("/api/reports/conversions", {**wanted, "format": "csv"}, headers=headers).status_code == 200
        shop.receive(shop.click("2026-11-23T10:30Z"))
        assert client.get("/api/reports/conversions", wanted, headers=headers).status_code == 200

    def test_a_spreadsheet_reads_the_letters_of_every_language(self, client: Client, shop: DatedShop) -> None:
        shop.receive(shop.click("2026-11-23T10:00Z", ad="Grüße-日本"))
        plain, marked = (get(client, shop, format=form) for form in ("csv", "spreadsheet"))
        assert "Grüße-日本" in plain.content.decode()
        assert plain.content[:2] == b"ad"  # the file for programs has no byte order mark
        assert marked.content == b"\xef\xbb\xbf" + plain.content
        for header in ("Content-Type", "Content-Disposition"):
            assert marked.headers[header] == plain.headers[header]

    def test_an_empty_csv_has_a_header(self, client: Client, shop: DatedShop) -> None:
        answer = get(client, shop, format="csv", by="goal")
        assert answer.content == b"goal,clicks,views,conversions,value,unattributed.conversions,unattributed.value\r\n"

    def test_while_the_configuration_is_away_the_client_is_asked_to_retry(
        self, client: Client, shop: DatedShop
    ) -> None:
        assert_asked_to_come_again(client, shop, "conversions_goalversion")

    @pytest.mark.parametrize("table", ["conversions_cellrow", "conversions_countrow"])
    def test_while_the_store_is_away_the_client_is_asked_to_retry(
        self, client: Client, shop: DatedShop, settings: Any, table: str
    ) -> None:
        settings.CASSANDRA_URL = ""  # the test can break only the SQL store
        mark_buckets(shop.site.key, [ms("2026-11-23T10:00Z")])  # without hits there would be no figures to read
        assert_asked_to_come_again(client, shop, table)

    def test_its_parameters_and_forms_are_described(self) -> None:
        report = description()["paths"]["/api/reports/conversions"]["get"]
        assert {parameter["name"] for parameter in report["parameters"]} == {
            "site", "from", "to", "compare", "model", "models", "by", "basis", "order", "limit", "after", "format",
            "If-None-Match", "spend",
            "ad", "campaign", "channel", "source", "medium", "network", "goal",
            "ad!", "campaign!", "channel!", "source!", "medium!", "network!", "goal!",
        }  # fmt: skip
        assert set(report["responses"]["200"]["content"]) == {"application/json", "text/csv"}


def assert_asked_to_come_again(client: Client, shop: DatedShop, table: str) -> None:
    """Rename a table within the transaction, and check that the answer is then a 503 with Retry-After."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO gone")
    answer = get(client, shop, to="2027-12-01")
    assert error_of(answer) == (503, "unavailable", None)
    assert answer.headers["Retry-After"] == "5"
    assert table not in answer.content.decode()


def text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_a_damaged_hour_makes_the_report_unavailable_until_it_is_made_again_from_facts(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    shop = DatedShop(store)
    shop.receive(shop.click("2026-11-23T10:00Z"), shop.sale("2026-11-23T11:00Z"), shop.sale("2026-11-23T12:00Z"))
    wanted = shop.report("2026-11-23", "2026-11-23")
    (cell, *_) = store.read_cells(shop.site.key, ["last"], ["2026-11-23"])
    broken = msgspec.structs.replace(cell, body=cell.body[:-1])
    store.write_cells([CellSet(shop.site.key, draw_token(), [broken])])
    with pytest.raises(StoreUnavailable, match="made again"):
        shop.report("2026-11-23", "2026-11-23")
    assert "is damaged" in caplog.text
    shop.roll_up()
    assert shop.report("2026-11-23", "2026-11-23") == wanted
