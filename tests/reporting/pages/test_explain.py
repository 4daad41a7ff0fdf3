"""The page for support: a sale is found by any of its ids and explained in words."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from conversions.facts.records import conversion_id
from conversions.models import Goal
from conversions.store.port import Store
from conversions.units.now import now_ms
from reporting.pages.explain import LISTED
from reporting.wording.explained import MAX_SHOWN
from tests.shop import BATCH, DAY, HOUR, MINUTE, Shop
from tracker.archive import archive_key
from tracker.models import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store, timezone="Europe/Berlin")


@pytest.fixture
def ann(shop: Shop, client: Client) -> User:
    """A user of the shop's account, signed in."""
    user = User.objects.create_user("ann")
    shop.account.users.add(user)
    client.force_login(user)
    return user


def page_of(client: Client, path: str, status: int = 200, **query: str) -> str:
    """Return the source of a page, after redirects."""
    answer = client.get(path, query, follow=True)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def text_of(page: str) -> str:
    """Return the text that a reader sees, in one line."""
    plain = re.sub(r"<(style|script|title)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S)
    return " ".join(unescape(plain).split()).replace(" ,", ",")


def find(client: Client, shop: Shop, q: str, **query: str) -> str:
    """Search, and return the text of the result."""
    return text_of(page_of(client, "/explain", site=shop.key, q=q, **query))


class TestFinding:
    """Searches for a sale."""

    @pytest.mark.parametrize("q", ["A-17", "s1", "ann", " A-17 "])
    def test_a_sale_is_found_by_its_order_its_hit_or_its_visitor(
        self, client: Client, shop: Shop, ann: User, q: str
    ) -> None:
        shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="A-17"))
        answer = client.get("/explain", {"site": shop.key, "q": q})
        id = conversion_id(shop.key, shop.goal.uid, "o:A-17")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/explain/{id}")
        assert "Counted: 29.90 USD, order A-17" in text_of(page_of(client, f"/explain/{id}"))

    def test_an_order_that_met_two_goals_is_a_list_that_leads_on(self, client: Client, shop: Shop, ann: User) -> None:
        Goal.objects.create(site=shop.site, key="lead", event="purchase", fixed_value=5)
        shop.process(shop.sale("s1", order="A-17"), shop.adjust("a1", "retract", "A-17", HOUR))
        page = page_of(client, "/explain", site=shop.key, q="A-17")
        assert "Conversions of order A-17" in text_of(page)
        assert "lead, order A-17 Not counted, 5.00 USD, 20 Nov 2026, 13:00:00" in text_of(page)
        links = re.findall(r'href="(/explain/[^"?]+)"', page)
        assert len(links) == 2
        assert all("order A-17" in text_of(page_of(client, link)) for link in links)

    def test_the_kind_of_the_searched_id_can_be_chosen(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.sale("same", order="o1"), shop.sale("s2", MINUTE, order="same", value=7_000_000))
        assert "Counted: 7.00 USD, order same" in find(client, shop, "same")
        assert "Counted: 29.90 USD, order o1" in find(client, shop, "same", by="hit")
        assert "No visitor" not in find(client, shop, "same", by="visitor")
        assert "No conversion of this site has visitor same" in find(client, shop, "same", by="visitor")

    def test_what_is_too_much_for_one_page_is_on_the_next(
        self, client: Client, shop: Shop, ann: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conversions.explain.explain.TOUCH_BYTES", 3_000)
        shop.process(*(shop.click(f"click-{n}", -MINUTE - n) for n in range(9)), shop.sale("s1", order="A-1"))
        address, shown = f"/explain/{conversion_id(shop.key, shop.goal.uid, 'o:A-1')}", []
        query: dict[str, str] = {}
        while True:
            page = page_of(client, address, **query)
            shown += sorted(set(re.findall(r"click-\d", page)))
            more = re.search(r'href="\?after=([\d.]+)">More of what happened', page)
            if not more:
                break
            query = {"after": more[1]}
        assert sorted(shown) == [f"click-{n}" for n in range(9)]
        assert query
        assert "There is no such page" in page_of(client, address, status=400, after="x")

    def test_a_visitors_many_conversions_come_in_pages(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(*(shop.sale(f"s{n}", n * MINUTE) for n in range(LISTED + 1)))
        page = page_of(client, "/explain", site=shop.key, q="ann")
        assert page.count("29.90 USD") == LISTED
        more = re.search(r'<a class="button" href="([^"]+)">More', page)
        assert more
        rest = page_of(client, unescape(more[1]))
        assert rest.count("29.90 USD") == 1
        assert ">More<" not in rest

    def test_a_search_without_a_match_says_where_else_to_look(self, client: Client, shop: Shop, ann: User) -> None:
        page = page_of(client, "/explain", site=shop.key, q="no & such")
        assert "No conversion of this site has order, hit, visitor or user no & such" in text_of(page)
        links = re.findall(r'href="(/api/(?:rejected|visitors)[^"]*)"', page)
        assert len(links) == 5
        for link in links:
            assert client.get(unescape(link), headers={"accept": "text/html"}).status_code == 200

    def test_a_rejected_sale_is_found_with_its_reason_by_the_shown_link(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        sale = shop.hit("conversion", "s1", order="A-17", name="none")
        now = now_ms()
        shop.process(msgspec.structs.replace(sale, at=now, received=now))
        page = page_of(client, "/explain", site=shop.key, q="A-17")
        ways = [unescape(link) for link in re.findall(r'href="(/api/rejected[^"]*)"', page)]
        found = {way: [row["code"] for row in client.get(way).json()["results"]] for way in ways}
        assert {way: codes for way, codes in found.items() if codes} == {
            f"/api/rejected?site={shop.key}&order=A-17": ["no_goal"]
        }
        page = page_of(client, "/explain", site=shop.key, q="A-17", by="order")
        assert page.count('href="/api/rejected') == 1

    @pytest.mark.parametrize(
        "query",
        [
            *({"q": q} for q in ("x" * 201, "a\0b")),
            *({"q": "ann", "after": after} for after in ("here", f"{10**60}.a.b", "1.a.b\0")),
        ],
    )
    def test_a_bad_search_is_explained_and_the_form_stays(
        self, client: Client, shop: Shop, ann: User, query: dict[str, str]
    ) -> None:
        page = page_of(client, "/explain", 400, site=shop.key, **query)
        assert 'role="alert"' in page
        assert 'name="q"' in page

    def test_orders_with_any_characters_are_found(self, client: Client, shop: Shop, ann: User) -> None:
        order = "№ 7/ä?&#\\ \U0001f600"
        shop.process(shop.sale("s1", order=order))
        assert f"order {order}" in find(client, shop, order)

    def test_a_request_without_a_site_is_refused(self, client: Client, shop: Shop, ann: User) -> None:
        assert "Name the site" in text_of(page_of(client, "/explain", 400, q="A-17"))
        assert 'name="q"' in page_of(client, "/explain")


class TestTelling:
    """A conversion explained in words."""

    def test_why_each_touch_did_or_did_not_get_credit(self, client: Client, shop: Shop, ann: User) -> None:
        shop.goal.click_window_days = 2
        shop.goal.save()
        landing = "https://shop.example/?gclid=G1&utm_source=news"
        shop.process(
            shop.click("old", -3 * DAY),
            shop.hit("page", "landing", -2 * HOUR, url=landing),
            shop.hit("page", "reload", -HOUR, url=landing),
            shop.hit("view", "seen", -MINUTE, ad="demo-ad"),
            shop.click("last", -1),
            shop.sale("s1", order="A-17"),
            shop.click("later", MINUTE),
        )
        told = find(client, shop, "A-17")
        assert (
            "(3 days before) Click: demo-ad No credit It was too long before the conversion. A click may earn credit"
            " for 2 days." in told
        )
        assert "(2 hours before) Click: news May earn credit It gets credit under first, linear" in told
        assert "(1 hour before) Click: news No credit It is a copy: an earlier click" in told
        assert "(1 minute before) View: demo-ad No credit It is a view, and the person also clicked" in told
        assert "(less than a second before) Click: demo-ad May earn credit It gets credit under last, linear" in told
        assert "(1 minute after) Click: demo-ad No credit It came after the conversion" in told
        assert "source news" in told

    def test_what_each_ad_gets_under_each_model_side_by_side(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(*(shop.click(f"c{n}", -n * HOUR, ad=ad) for n, ad in ((3, "demo-ad"), (2, "mail"), (1, "post"))))
        shop.process(shop.sale("s1", order="A-17", value=10_000_000))
        page = page_of(client, "/explain", site=shop.key, q="A-17")
        table = page[page.index("<table>") : page.index("</table>")]
        models = re.findall(r'<th scope="col">(\w+)', table)
        rows = [re.findall(r"<td>(\S+ %)<br><small[^>]*>(\S+)</small>", row) for row in table.split("<tr>")[2:]]
        by_model = {model: [row[n] for row in rows] for n, model in enumerate(models[1:])}
        assert by_model["last"] == [("0 %", "0.00"), ("0 %", "0.00"), ("100 %", "10.00")]
        assert by_model["first"] == [("100 %", "10.00"), ("0 %", "0.00"), ("0 %", "0.00")]
        assert by_model["markov"] == by_model["linear"]
        assert "markov : Nothing was learnt from 2026-10. Every touch gets the same." in text_of(page)
        assert by_model["linear"][0] == ("33.3334 %", "3.333334")
        assert by_model["position"] == [("40 %", "4.00"), ("20 %", "2.00"), ("40 %", "4.00")]
        assert "mail not configured" in text_of(table)

    def test_the_goal_its_rules_the_time_and_the_archive_object_are_shown(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.goal.conditions = "path like /orders/*\nvalue between 10 and 20.5"
        shop.goal.path, shop.goal.counting, shop.goal.factor = "/thanks*", "once", "0.25"
        shop.goal.save()
        shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="A-17"))
        told = find(client, shop, "A-17")
        assert "When 20 Nov 2026, 13:00:00 (Europe/Berlin)" in told
        assert "Goal purchase, version 2" in told
        assert (
            "if all of these are true: its name is purchase or it is a page view and its path is like /thanks*;"
            " its path is like /orders/*; its value is at least 10 and at most 20.5." in told
        )
        assert "times 0.25" in told
        assert "One per person counts: the earliest. Clicks may earn credit for 30 days, views for 1 day." in told
        assert told.count(f"Batch {BATCH} In the archive {archive_key(BATCH)}") == 2

    def test_adjustments_and_duplicates_are_in_the_timeline(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(
            shop.sale("s1", order="A-17"),
            shop.sale("s2", 5, order="A-17", visitor="server"),
            shop.adjust("a1", "refund", "A-17", HOUR, 1_000_000),
            shop.adjust("a2", "restate", "A-17", 2 * HOUR, 20_000_000),
            shop.adjust("a3", "refund", "A-17", 3 * HOUR, 5_000_000),
            shop.adjust("a3", "refund", "A-17", 4 * HOUR, 6_000_000),
        )
        told = find(client, shop, "A-17")
        assert "Counted: 15.00 USD, order A-17" in told
        assert "The same order again, 29.90 USD Doesn't count visitor server It is a copy: another" in told
        assert "Refund, 1.00 USD Doesn't count A later restatement of the order replaces it." in told
        assert "Restated to, 20.00 USD Counts" in told
        assert "Refund, 5.00 USD Counts" in told
        assert "Refund, 6.00 USD Doesn't count It is a copy" in told
        assert "No ad gets credit for it: the person is not known to have clicked or seen any." in told

    def test_a_sale_that_is_not_counted_says_why_and_credits_nobody(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="A-17"), shop.adjust("a1", "retract", "A-17", 1))
        page = page_of(client, "/explain", site=shop.key, q="A-17")
        assert "Not counted: 29.90 USD, order A-17 The order was retracted" in text_of(page)
        assert "It could earn credit if the conversion counted." in text_of(page)
        assert "In reports not" in text_of(page)
        assert "<table>" not in page

    def test_the_rules_of_a_fixed_value_say_that_refunds_are_subtracted(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.goal.fixed_value = 5
        shop.goal.save()
        shop.process(shop.sale("s1", order="A-17"), shop.adjust("a1", "refund", "A-17", HOUR, 29_900_000))
        told = find(client, shop, "A-17")
        assert "Counted: -24.90 USD, order A-17" in told
        assert "Each is worth 5 USD, whatever the hit says, less refunds; a restatement replaces it." in told

    def test_value_without_a_rate_says_what_is_left_out_and_what_to_do(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.process(shop.sale("s1", order="A-17", value=12_500_000, currency="GBP"))
        told = find(client, shop, "A-17")
        assert "Left out: 12.50 GBP." in told
        assert "manage.py load_rates" in told
        assert "Value as sent 12.50 GBP" in told

    def test_if_no_touch_may_earn_credit_the_page_says_so(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.click("c1", -31 * DAY), shop.sale("s1", order="A-17"))
        assert "none of the person's clicks and views may earn any" in find(client, shop, "A-17")

    def test_rejected_hits_are_in_the_timeline_with_a_link_to_the_rest(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.process(
            shop.click("early", -8 * DAY, ua="Googlebot/2.1"),
            shop.click("c1", -HOUR, ua="Googlebot/2.1"),
            shop.sale("s1", order="A-17"),
        )
        page = page_of(client, "/explain", site=shop.key, q="A-17")
        told = text_of(page)
        assert "(1 hour before) Click: demo-ad Rejected Its user agent says that it is a crawler: Googlebot." in told
        assert "No ad gets credit for it: none of the person's clicks and views may earn any." in told
        assert "The rejected hits on this page begin at 13 Nov 2026, 13:00, which is later than" in told
        (link,) = re.findall(r'href="(/api/rejected[^"]*visitor=[^"]*)"', page)
        assert [row["hit"] for row in client.get(unescape(link)).json()["results"]] == ["c1", "early"]

    def test_a_long_timeline_shows_its_beginning_and_its_end(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(*(shop.click(f"c{n:03}", -DAY + n, ad=f"ad{n:03}") for n in range(MAX_SHOWN + 10)))
        shop.process(shop.sale("s1", order="A-17"))
        told = find(client, shop, "A-17")
        assert "Click: ad000" in told
        assert "Click: ad209" in told
        assert "Click: ad105" not in told
        assert "Between these, 11 more are not shown." in told

    def test_a_long_timeline_always_shows_the_conversion(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(*(shop.click(f"c{n:03}", (n - MAX_SHOWN) * MINUTE) for n in range(2 * MAX_SHOWN)))
        shop.process(shop.sale("s1", order="A-17"))
        assert "Conversion purchase, 29.90 USD Counts" in find(client, shop, "A-17")

    def test_a_person_is_shown_with_every_device_and_the_hit_that_linked_it(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.process(
            shop.click("c1", -2 * HOUR, visitor="phone"),
            shop.hit("page", "in1", -HOUR, visitor="phone", user="ann-id"),
            shop.sale("s1", visitor="laptop", user="ann-id", order="A-17"),
            shop.sale("s2", MINUTE, visitor="server", order="A-17"),
        )
        told = find(client, shop, "ann-id")
        assert "Counted: 29.90 USD, order A-17" in told
        assert "User ann-id Also on phone (signed in 20 Nov 2026, 12:00, hit in1) With server" in told
        assert "Click: demo-ad May earn credit visitor phone It gets credit under every model." in told

    def test_a_visitor_without_a_user_is_shown_alone(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.sale("s1", order="A-17"))
        told = find(client, shop, "A-17")
        assert "Visitor ann Value as sent" in told

    def test_text_from_hits_is_never_markup(self, client: Client, shop: Shop, ann: User) -> None:
        bad = '<script>alert("1")</script>'
        url = f"https://shop.example/?utm_source={quote(bad)}&utm_campaign={quote(bad)}"
        shop.process(shop.hit("page", "p1", -HOUR, url=url), shop.sale("s1", order=bad))
        page = page_of(client, "/explain", site=shop.key, q=bad)
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;") > 3
        assert "<script>alert" not in page_of(client, "/explain", site=shop.key, q=bad + "x")


class TestWhoSeesWhat:
    """Access is the same as for reports."""

    def test_a_person_who_is_not_signed_in_is_asked_to_sign_in(self, client: Client, shop: Shop) -> None:
        for path in ("/explain?q=A-17", "/explain/abc"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (302, f"/login?next={quote(path)}")

    def test_another_accounts_sale_is_not_found(self, client: Client, shop: Shop, ann: User) -> None:
        other = Shop(shop.store)
        other.process(other.sale("s1", order="A-17"))
        id = conversion_id(other.key, other.goal.uid, "o:A-17")
        assert "29.90" not in page_of(client, f"/explain/{id}", 404)
        assert "29.90" not in page_of(client, "/explain", 404, site=other.key, q="A-17")

    def test_staff_see_every_accounts(self, client: Client, shop: Shop) -> None:
        shop.process(shop.sale("s1", order="A-17"))
        client.force_login(User.objects.create_user("sue", is_staff=True))
        assert "Counted: 29.90 USD" in find(client, shop, "A-17")

    @pytest.mark.parametrize("id", ["x", "a" * 5_000, "é", "YQ", "AAA", "YQBiAG86YyA"])
    def test_an_id_that_names_nothing_is_404(self, client: Client, shop: Shop, ann: User, id: str) -> None:
        assert "that you may read has this" in text_of(page_of(client, f"/explain/{id}", 404))

    def test_the_page_loads_nothing_from_other_hosts_and_is_not_cached(
        self, client: Client, shop: Shop, ann: User
    ) -> None:
        shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="A-17"))
        answer = client.get("/explain", {"site": shop.key, "q": "A-17"}, follow=True)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script", answer.content.decode())

    def test_while_the_store_is_away_the_page_says_so(
        self, client: Client, shop: Shop, ann: User, settings: Any
    ) -> None:
        settings.CASSANDRA_URL = ""  # the test can break only the SQL store
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE conversions_factrow RENAME TO gone")
        answer = client.get("/explain", {"site": shop.key, "q": "A-17"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "A service is away" in text_of(answer.content.decode())


class TestTheWayThere:
    """Links to the page from where support looks."""

    def test_the_start_page_links_to_it_with_its_site(self, client: Client, shop: Shop, ann: User) -> None:
        assert f'href="/explain?site={shop.key}"' in page_of(client, "/", site=shop.key)

    def test_the_site_of_the_address_is_chosen(self, client: Client, shop: Shop, ann: User) -> None:
        Site.objects.create(account=shop.account, name="A shop before it")
        assert f'<option value="{shop.key}" selected>' in page_of(client, "/explain", site=shop.key)

    def test_the_admin_links_to_it(self, shop: Shop, admin_client: Client) -> None:
        assert '<a href="/explain">Explain a conversion</a>' in page_of(admin_client, "/admin/")

    def test_the_browsable_api_links_to_it(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.sale("s1", order="A-17"))
        (one,) = client.get("/api/conversions", {"site": shop.key, "order": "A-17"}).json()["results"]
        assert one["page"] == client.get(f"/api/conversions/{one['id']}").json()["page"]
        assert one["page"] == f"http://testserver/explain/{one['id']}"
        shown = client.get("/api/conversions", {"site": shop.key, "order": "A-17"}, headers={"accept": "text/html"})
        assert f'<a href="{one["page"]}" rel="nofollow">' in shown.content.decode()

    def test_a_visitors_timeline_links_to_it(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="A-17"))
        click, sale = client.get("/api/visitors", {"site": shop.key, "visitor": "ann"}).json()["results"]
        assert "page" not in click
        assert "Counted: 29.90 USD" in text_of(page_of(client, sale["page"].removeprefix("http://testserver")))

    def test_a_rejected_hit_links_to_a_search_for_its_id(self, client: Client, shop: Shop, ann: User) -> None:
        shop.process(shop.sale("s&1"), shop.hit("conversion", "s&1", 1, name="nothing"))
        days = {"from": "2026-11-20", "to": "2026-11-21"}
        (rejected,) = client.get("/api/rejected", {"site": shop.key, **days}).json()["results"]
        assert rejected["page"].endswith(f"/explain?site={shop.key}&by=hit&q=s%261")
        assert "Counted: 29.90 USD" in text_of(page_of(client, rejected["page"].removeprefix("http://testserver")))
