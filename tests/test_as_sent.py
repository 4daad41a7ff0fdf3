"""Hits as real pages, tools and hosts send them, on every store. The tests use only the public surface."""

import json
from datetime import datetime, timedelta
from io import StringIO
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from conversions.configuration.loading import forget_cached_sites
from conversions.models import Marker
from conversions.store.port import Store
from tests.surface import Customer, at, days_ago, ms
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db

ADDRESSES = ("203.0.113.1", "203.0.113.2", "203.0.113.3")
#: The key of unattributed conversions in these tests.
NOBODY = "(nobody)"


@pytest.fixture(autouse=True)
def _tracker(inline: None, opened_store: Store, settings: Any) -> None:
    """Runs each test without a broker and without caches, on each store in turn."""
    settings.CONFIG_CACHE_SECONDS = 0


@pytest.fixture
def shop() -> Customer:
    return Customer()


def browser(address: str = ADDRESSES[0], **headers: str) -> Client:
    """Return the request fields of a browser at an IP address."""
    return Client(REMOTE_ADDR=address, HTTP_USER_AGENT="Mozilla/5.0 Firefox/128.0", **headers)


def send(client: Client, *hits: dict[str, Any]) -> None:
    """Send hits as a page. All must be accepted."""
    answer = client.post("/collect", json.dumps(hits), content_type="text/plain")
    assert answer.json() == {"accepted": len(hits), "rejected": []}


def without(hit: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in hit.items() if name not in names}


def explained(shop: Customer, order: str) -> dict[str, Any]:
    """Return the explanation of an order's only conversion."""
    query = {"site": shop.site, "order": order}
    (found,) = Client().get("/api/conversions", query, headers=shop.bearer("report")).json()["results"]
    return dict(found)


def rejected(shop: Customer, **query: str) -> list[dict[str, Any]]:
    """Return the rejected hits that support sees."""
    query = {"site": shop.site, **query}
    return list(Client().get("/api/rejected", query, headers=shop.bearer("report")).json()["results"])


def error(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.content)["error"]["code"]


class TestNobody:
    @pytest.mark.parametrize("word", ["undefined", "null", "00000000-0000-0000-0000-000000000000", "{{visitor.id}}"])
    def test_strangers_without_a_visitor_id_share_no_credit(self, shop: Customer, word: str) -> None:
        day = days_ago(2)
        send(browser(ADDRESSES[0]), shop.click(at(day, "10:00"), visitor=word))
        for n, address in enumerate(ADDRESSES):
            send(browser(address), shop.sale(at(day, f"11:0{n}"), visitor=word))
        # The person who clicked has a stand-in for the day. The others share nothing with it.
        assert shop.credited(day) == {"banner": ("1.000000", "29.900000"), NOBODY: ("2.000000", "59.800000")}

    def test_sales_with_an_unfilled_order_id_of_a_template_count_separately(self, shop: Customer) -> None:
        day = days_ago(2)
        for n, word in enumerate(("undefined", "undefined", "null", "null", "{{ order.id }}", "{{ order.id }}")):
            send(browser(), shop.sale(at(day, f"11:0{n}"), word))
        assert shop.total(day) == ("6.000000", "179.400000")


class TestAddresses:
    @pytest.fixture(autouse=True)
    def _proxy(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]

    def test_strangers_behind_a_proxy_that_adds_ports_share_no_credit(self, shop: Customer) -> None:
        day = days_ago(2)
        click, sale = shop.click(at(day, "10:00")), shop.sale(at(day, "11:00"))
        proxied = [browser("127.0.0.1", HTTP_X_FORWARDED_FOR=f"{address}:5{n}") for n, address in enumerate(ADDRESSES)]
        send(proxied[0], without(click, "visitor"))
        send(proxied[1], without(sale, "visitor"))
        assert shop.credited(day) == {"banner": ("0.000000", "0.000000"), NOBODY: ("1.000000", "29.900000")}

    @pytest.mark.parametrize(
        "chain", ["203.0.113.9:5001", "é, 203.0.113.9", "[::ffff:203.0.113.9]:80", "1.1.1.1, 203.0.113.9"]
    )
    def test_own_traffic_is_recognised_despite_a_forged_forwarded_address(self, shop: Customer, chain: str) -> None:
        Account.objects.filter(sites__key=shop.site).update(own_networks=["203.0.113.0/24"])
        sent = chain.encode().decode("latin-1")  # as WSGI servers decode it
        send(browser("127.0.0.1", HTTP_X_FORWARDED_FOR=sent), shop.sale(at(days_ago(2))))
        assert [hit["code"] for hit in rejected(shop)] == ["own_traffic"]

    def test_a_user_agent_in_raw_utf8_keeps_its_letters(self, shop: Customer) -> None:
        agent = "Приложение/1 Googlebot/2.1".encode().decode("latin-1")
        send(Client(HTTP_USER_AGENT=agent), shop.sale(at(days_ago(2))))
        assert [hit["body"]["ua"] for hit in rejected(shop, code="bot")] == ["Приложение/1 Googlebot/2.1"]

    def test_https_is_believed_only_if_a_trusted_proxy_says_it(self, shop: Customer, settings: Any) -> None:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        for address, scheme in (("127.0.0.1", "https"), ("203.0.113.9", "http")):
            told = shop.staff.get(
                f"/api/sites/{shop.site}", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR=address
            ).json()
            assert told["url"].startswith(f"{scheme}://"), address
            assert f'src="{scheme}://' in told["snippet"]


class TestAmounts:
    @pytest.mark.parametrize("value", ["1,299.00", "1.299,00 €", "EUR 1299", 1299.0000000000002, "1 299,00"])
    def test_a_sale_has_its_value_however_the_amount_is_written(self, shop: Customer, value: Any) -> None:
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1", value=value, currency="EUR"))
        assert shop.total(day) == ("1.000000", "1299.000000")

    def test_float_noise_of_several_sales_adds_up(self, shop: Customer) -> None:
        day = days_ago(2)
        send(browser(), *(shop.sale(at(day), f"A-{n}", value=29.9 * 3) for n in range(3)))
        assert shop.total(day) == ("3.000000", "269.100000")

    @pytest.mark.parametrize("given", [{"value": "1,299"}, {"value": "abc"}, {"value": "5", "currency": "Euros"}])
    def test_a_sale_whose_amount_cannot_be_read_counts_and_support_sees_why_it_has_no_value(
        self, shop: Customer, given: dict[str, str]
    ) -> None:
        day = days_ago(2)
        send(browser(), shop.click(at(day, "11:00")), {**shop.sale(at(day), "A-1"), **given})
        assert shop.credited(day) == {"banner": ("1.000000", "0.000000")}
        told = explained(shop, "A-1")
        assert (told["counted"], told["value"], told["value_reason"]) == (True, "0.000000", "bad_value")
        (listed,) = rejected(shop)
        assert (listed["code"], listed["field"], listed["hit"]) == ("bad_value", "value", told["hit"])
        assert given["value"] in listed["detail"]

    def test_the_page_for_support_says_that_the_amount_cannot_be_read(self, shop: Customer) -> None:
        send(browser(), shop.sale(at(days_ago(2)), "A-1", value="1,299"))
        page = shop.staff.get(f"/explain/{explained(shop, 'A-1')['id']}").content.decode()
        assert "could mean two things" in page

    def test_a_restatement_gives_a_sale_the_value_that_could_not_be_read(self, shop: Customer) -> None:
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1", value="1,299"))
        shop.send(shop.adjust(at(day, "13:00"), "A-1", "restate", "1299.00"))
        assert shop.total(day) == ("1.000000", "1299.000000")
        assert explained(shop, "A-1")["value_reason"] is None

    def test_a_refund_whose_amount_cannot_be_read_is_refused(self, shop: Customer) -> None:
        refund = shop.adjust(at(days_ago(2)), "A-1", "refund", "1,299")
        answer = Client().post("/collect", refund, content_type="application/json", headers=shop.bearer("ingest"))
        assert error(answer) == (400, "bad_value")


class TestTimes:
    @pytest.mark.parametrize("form", ["iso", "offset", "seconds"])
    def test_a_server_may_send_the_time_in_any_common_format(self, shop: Customer, form: str) -> None:
        moment = at(days_ago(3), "10:00")
        forms = {
            "iso": f"{moment.replace(tzinfo=None).isoformat()}Z",
            "offset": (moment + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00",
            "seconds": int(moment.timestamp()),
        }
        shop.send({**shop.sale(moment, "A-1"), "ts": forms[form]})
        assert shop.total(days_ago(3)) == ("1.000000", "29.900000")
        assert rejected(shop) == []

    @pytest.mark.parametrize("ts", ["yesterday", "2026-11-02 10:00", "02.11.2026"])
    def test_a_sale_with_an_unreadable_time_counts_now_and_support_sees_it(self, shop: Customer, ts: str) -> None:
        shop.send({**shop.sale(at(days_ago(3)), "A-1"), "ts": ts})
        assert shop.total(days_ago(1), days_ago(0))[0] == "1.000000"
        assert [(hit["code"], hit["field"]) for hit in rejected(shop)] == [("bad_ts", "ts")]


class TestLetters:
    def test_a_title_cut_in_the_middle_of_an_emoji_loses_no_click(self, shop: Customer) -> None:
        day = days_ago(2)
        landing = {"url": "https://shop.example/?utm_source=news", "title": "Sale \ud83c"}
        send(browser(), shop.hit("page", at(day, "11:00"), **landing), shop.sale(at(day)))
        assert shop.credited(day) == {"news": ("1.000000", "29.900000")}

    def test_an_image_request_with_a_referrer_in_latin_1_is_a_hit(self, shop: Customer) -> None:
        answer = browser().get(f"/pixel.gif?site={shop.site}&type=conversion&name=purchase&value=5&ref=%E9")
        assert answer.status_code == 200
        assert shop.total(days_ago(1), days_ago(0))[0] == "1.000000"


class TestPaths:
    @pytest.mark.parametrize("path", ["/collect/", "//collect", "//collect//"])
    def test_extra_slashes_in_the_path_lose_no_hit(self, shop: Customer, path: str) -> None:
        day = days_ago(2)
        sale = json.dumps(shop.sale(at(day)))
        headers = {"origin": "https://shop.example"}
        answer = browser().post("/", sale, content_type="text/plain", headers=headers, PATH_INFO=path)
        assert answer.json() == {"accepted": 1, "rejected": []}
        assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
        assert shop.total(day)[0] == "1.000000"

    @pytest.mark.parametrize("path", ["/pixel.gif/", "//pixel.gif"])
    def test_extra_slashes_in_the_path_lose_no_image(self, shop: Customer, path: str) -> None:
        assert browser().get(f"/?site={shop.site}", PATH_INFO=path)["Content-Type"] == "image/gif"

    @pytest.mark.parametrize("form", ["/click/{}/banner/", "/click//{}/banner", "//click/{}//banner//"])
    def test_extra_slashes_in_a_clicks_path_still_lead_to_the_landing_page(self, shop: Customer, form: str) -> None:
        Site.objects.filter(key=shop.site).update(domains=["shop.example"])
        answer = browser().get("/", PATH_INFO=form.format(shop.site))
        assert (answer.status_code, answer["Location"][:25]) == (302, "https://shop.example/?hl_")

    @pytest.mark.parametrize("path", ["/t.js/", "//t.js", "/healthz/", "/api/sites/", "//api//sites"])
    def test_other_spellings_of_the_addresses_work(self, shop: Customer, path: str) -> None:
        assert shop.staff.get("/", PATH_INFO=path).status_code == 200

    @pytest.mark.parametrize("path", ["/collect", "/pixel.gif", "/collect/"])
    def test_a_link_preview_by_a_head_request_makes_no_hit(self, shop: Customer, path: str) -> None:
        answer = browser().head(f"{path}?site={shop.site}&type=conversion&name=purchase&value=5")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert shop.total(days_ago(1), days_ago(0))[0] == "0.000000"

    @pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
    @pytest.mark.parametrize("accept", ["text/plain", "text/html", "application/openmetrics-text", "nonsense"])
    def test_monitors_get_an_answer_whatever_they_accept(self, path: str, accept: str) -> None:
        answer = Client().get(path, headers={"accept": accept})
        assert answer.status_code in (200, 503)
        assert answer["Content-Type"].startswith("text/plain" if path == "/metrics" else "application/json")
        assert Client().get(f"{path}?format=xml").status_code == answer.status_code


def test_without_cookies_a_sale_is_credited_to_a_click_of_the_same_local_day() -> None:
    # Los Angeles: click 15:50, sale 16:10, when a new day begins in UTC; and a sale after the midnight there.
    shop = Customer(timezone="America/Los_Angeles")
    day = days_ago(3)
    click, sale = at(day, "15:50", "America/Los_Angeles"), at(day, "16:10", "America/Los_Angeles")
    next_day = at(day + timedelta(days=1), "00:10", "America/Los_Angeles")
    for hit in (shop.click(click), shop.sale(sale), shop.sale(next_day)):
        send(browser(), without(hit, "visitor"))
    assert shop.credited(day) == {"banner": ("1.000000", "29.900000")}
    assert shop.credited(day + timedelta(days=1)) == {NOBODY: ("1.000000", "29.900000")}


class TestAdjustments:
    @pytest.mark.parametrize(("kind", "value"), [("retract", ""), ("restate", "999999999999"), ("refund", "29.90")])
    def test_an_adjustment_without_a_token_changes_no_sale(self, shop: Customer, kind: str, value: str) -> None:
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1"))
        answer = browser().post(
            "/collect", json.dumps(shop.adjust(at(day), "A-1", kind, value)), content_type="text/plain"
        )
        assert error(answer) == (403, "needs_token")
        image = browser().get("/pixel.gif", {**shop.adjust(at(day), "A-1", kind, value or "0")})
        assert (image.status_code, image["X-Hit-Error"]) == (403, "needs_token")
        assert shop.total(day) == ("1.000000", "29.900000")

    def test_a_site_may_allow_adjustments_without_a_token(self, shop: Customer) -> None:
        answer = shop.staff.patch(
            f"/api/sites/{shop.site}", {"open_adjustments": True}, content_type="application/json"
        )
        assert answer.json()["open_adjustments"] is True
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1"), shop.adjust(at(day), "A-1", "retract"))
        assert shop.total(day) == ("0.000000", "0.000000")


class TestValues:
    """Amounts from browsers, if a goal or a site believes only servers."""

    MADE_UP = "999999999"

    @pytest.fixture(params=["goals", "sites"])
    def closed(self, request: pytest.FixtureRequest, shop: Customer) -> Customer:
        """A customer who believes only servers' amounts, by the switch of the goal or of the site."""
        path = f"sites/{shop.site}"
        if request.param == "goals":
            (goal,) = shop.staff.get("/api/goals", {"site": shop.site}).json()["results"]
            path = f"goals/{goal['id']}"
        answer = shop.staff.patch(f"/api/{path}", {"open_values": False}, content_type="application/json")
        assert answer.json()["open_values"] is False
        return shop

    def test_by_default_a_browsers_amount_counts(self, shop: Customer) -> None:
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1"))
        assert shop.total(day) == ("1.000000", "29.900000")

    @pytest.mark.parametrize("value", [MADE_UP, "1,299", "0"])
    @pytest.mark.parametrize("order", ["A-1", ""])
    def test_a_made_up_sale_is_in_no_figure_and_support_sees_why(
        self, closed: Customer, value: str, order: str
    ) -> None:
        day = days_ago(2)
        hit = closed.sale(at(day), order, value)
        send(browser(), hit)
        assert closed.total(day) == ("0.000000", "0.000000")
        query = {"site": closed.site, "hit": hit["id"]}
        (told,) = Client().get("/api/conversions", query, headers=closed.bearer("report")).json()["results"]
        assert (told["counted"], told["reason"]) == (False, "needs_token")

    def test_the_servers_amount_counts_and_the_browser_brings_the_ad(self, closed: Customer) -> None:
        day = days_ago(2)
        send(browser(), closed.click(at(day, "10:00")), closed.sale(at(day, "11:00"), "A-1", self.MADE_UP))
        assert closed.total(day) == ("0.000000", "0.000000")
        closed.send(without(closed.sale(at(day, "12:00"), "A-1"), "visitor"))
        assert closed.credited(day) == {"banner": ("1.000000", "29.900000")}

    def test_a_conversion_without_an_amount_still_counts(self, closed: Customer) -> None:
        day = days_ago(2)
        send(browser(), without(closed.sale(at(day), "A-1"), "value"))
        assert closed.total(day) == ("1.000000", "0.000000")

    def test_a_made_up_sale_takes_no_other_sales_place(self) -> None:
        shop = Customer(counting="once", open_values=False)
        day = days_ago(2)
        send(browser(), shop.sale(at(day, "10:00"), "A-1", self.MADE_UP))
        shop.send(shop.sale(at(day, "12:00"), "A-2"))
        assert shop.total(day) == ("1.000000", "29.900000")
        assert explained(shop, "A-2")["reason"] is None

    def test_with_the_sites_switch_on_again_they_count(self, shop: Customer) -> None:
        day = days_ago(2)
        send(browser(), shop.sale(at(day), "A-1"))
        for is_open, total in ((False, ("0.000000", "0.000000")), (True, ("1.000000", "29.900000"))):
            shop.staff.patch(f"/api/sites/{shop.site}", {"open_values": is_open}, content_type="application/json")
            assert shop.total(day) == total


class TestBelief:
    def test_the_servers_copy_of_an_order_counts_before_a_browsers_earlier_one(self, shop: Customer) -> None:
        day = days_ago(2)
        shop.send(shop.sale(at(day), "A-1", visitor="server"))
        send(browser(), shop.sale(at(day) - timedelta(days=2), "A-1", value="0", visitor="stranger"))
        assert shop.total(day) == ("1.000000", "29.900000")
        assert shop.total(day - timedelta(days=2)) == ("0.000000", "0.000000")
        told = explained(shop, "A-1")
        assert (told["visitor"], [copy["visitor"] for copy in told["duplicates"]]) == ("server", ["stranger"])

    def test_the_browsers_copy_of_an_order_still_brings_the_credit_to_the_ad(self, shop: Customer) -> None:
        # The browser reports the order, then clicks once more. The shop's server reports the order an hour later.
        day = days_ago(2)
        send(browser(), shop.click(at(day, "10:00"), "banner"), shop.sale(at(day, "11:00"), "A-1", value="1.00"))
        shop.send(without(shop.sale(at(day, "12:00"), "A-1"), "visitor"))
        assert shop.credited(day) == {"banner": ("1.000000", "29.900000")}

    def test_a_late_touch_counts_if_it_is_before_the_servers_copy(self, shop: Customer) -> None:
        day = days_ago(2)
        shop.ad("flyer")
        send(browser(), shop.sale(at(day, "11:00"), "A-1"))
        shop.send(without(shop.sale(at(day, "13:00"), "A-1"), "visitor"))
        assert shop.credited(day) == {NOBODY: ("1.000000", "29.900000")}
        send(browser(), shop.click(at(day, "12:00"), "flyer"))
        assert shop.credited(day) == {"flyer": ("1.000000", "29.900000")}


class TestGoalsAndAds:
    def test_brackets_in_a_match_rule_have_no_special_meaning(self, shop: Customer) -> None:
        day = days_ago(2)
        shop.ad("brand", rules=[{"campaign": "[Search] Brand*"}])
        for n, campaign in enumerate(("%5BSearch%5D%20Brand", "[Search]+Brand", "Search Brand")):
            landing = shop.hit(
                "page", at(day, f"10:0{n}"), f"v{n}", url=f"https://shop.example/?utm_campaign={campaign}"
            )
            send(browser(), landing, shop.sale(at(day, f"11:0{n}"), visitor=f"v{n}"))
        credited = shop.credited(day)
        assert credited["brand"][0] == "2.000000"
        assert credited["Search Brand"][0] == "1.000000"

    @pytest.mark.parametrize("path", ["/grüße", "/gr%C3%BC%C3%9Fe", "/gr*e"])
    @pytest.mark.parametrize("visited", ["/gr%C3%BC%C3%9Fe", "/grüße", "/gr%c3%bc%c3%9fe"])
    def test_a_goal_is_met_however_its_path_and_the_visited_path_are_encoded(
        self, shop: Customer, path: str, visited: str
    ) -> None:
        day = days_ago(2)
        shop.goal("greeting", path=path)
        send(browser(), shop.hit("page", at(day), url=f"https://shop.example{visited}?a=b"))
        assert shop.total(day, goal="greeting")[0] == "1.000000"

    @pytest.mark.parametrize(
        ("rules", "field", "instead"),
        [
            ({"path": "/thanks?status=ok"}, "path", "Write /thanks"),
            ({"path": "https://shop.example/thanks"}, "path", "Write /thanks"),
            ({"conditions": "path is /thanks#done"}, "conditions", "Write /thanks"),
            ({"conditions": "path like thanks*"}, "conditions", "Write /thanks*"),
            ({"conditions": "path matches ^thanks"}, "conditions", "Write ^/thanks"),
        ],
    )
    def test_a_goal_that_no_page_can_meet_is_refused(
        self, shop: Customer, rules: dict[str, str], field: str, instead: str
    ) -> None:
        answer = shop.staff.post(
            "/api/goals", {"site": shop.site, "key": "never", **rules}, content_type="application/json"
        )
        assert error(answer) == (400, "invalid")
        assert answer.json()["error"]["field"] == field
        assert answer.json()["error"]["detail"].endswith(instead)
        preview = {"site": shop.site, **rules}
        assert shop.staff.post("/api/goals/preview", preview, content_type="application/json").status_code == 400


class TestFigures:
    def test_an_hour_counts_once_after_the_rules_of_a_timezone_have_changed(self) -> None:
        # By the new rules the hour belongs to the next day.
        shop, day = Customer(timezone="Etc/GMT+5"), days_ago(3)
        shop.send(shop.sale(at(day, "23:30", "Etc/GMT+5"), "A-1"))
        assert shop.total(day)[0] == "1.000000"
        Site.objects.filter(key=shop.site).update(timezone="Etc/GMT+4")
        forget_cached_sites()
        call_command("rollup", "--from", str(day - timedelta(days=1)), site=shop.site, wait=0, stdout=StringIO())
        assert shop.total(day)[0] == "0.000000"
        assert shop.total(day + timedelta(days=1))[0] == "1.000000"
        assert shop.total(day, day + timedelta(days=1))[0] == "1.000000"

    def test_after_a_fast_clock_no_report_is_sealed_beyond_now(self, shop: Customer) -> None:
        now = ms(timezone.now())
        Marker.reach(now + 86_400_000)
        sealed = datetime.fromisoformat(shop.report(days_ago(1))["sealed_until"])
        assert sealed <= timezone.now()
        Marker.reach(now - 1)
        assert Marker.reached() == now - 1
