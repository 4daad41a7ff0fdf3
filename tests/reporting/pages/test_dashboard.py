"""The dashboard: what people see before and after they sign in."""

import re
from datetime import date, timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings

from conversions.configuration.loading import load_site
from conversions.marks import fit_marks
from conversions.marks import marks as sequence
from conversions.marks.fit_marks import WHENEVER
from conversions.marks.marks import mark_buckets
from conversions.store.adapters import open_store
from conversions.units.clock import day_of
from conversions.units.now import now_ms
from reporting.fitter import Fitter
from reporting.templatetags.amounts import amount
from tests.reports import DatedShop, marker_came_through
from tracker.collection.hit import iso
from tracker.models import Site
from tracker.refusals import REFUSALS

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


@pytest.fixture
def shop(db: None) -> DatedShop:
    return DatedShop(open_store(), timezone="Europe/Berlin")


@pytest.fixture
def ann(shop: DatedShop, client: Client) -> User:
    """A user of the shop's account, signed in."""
    user = User.objects.create_user("ann")
    shop.account.users.add(user)
    client.force_login(user)
    return user


def text_of(answer: Any) -> str:
    """Return the text that a reader sees, in one line."""
    plain = re.sub(r"<(style|script|title)\b.*?</\1>|<[^>]*>", " ", answer.content.decode(), flags=re.S)
    return " ".join(unescape(plain).split())


def tiles_of(page: str) -> list[tuple[str, str]]:
    """Return the names and the exact amounts of the figures at the top."""
    return re.findall(r'<div data-figure="(\w+)">.*?<data value="([^"]*)">', page, flags=re.S)


def rows_of(page: str) -> tuple[list[str], list[list[str]]]:
    """Return the names of the table's rows; and for each row its exact amounts, without empty cells. The last two rows
    are those of unattributed conversions and of the total."""
    table = page.partition('<table class="rows">')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>?(.*?)</tr>", table.partition("</thead>")[2], flags=re.S)
    names = [found[1] for row in rows if (found := re.search(r'<th scope="row"><a href="[^"]*">(.*?)</a>', row))]
    return [unescape(name) for name in names], [re.findall(r'<data value="([^"]*)"', row) for row in rows]


def points_of(page: str) -> list[tuple[str, list[str], bool]]:
    """Return for each point of the chart its title, its exact amounts now and before, and whether it may still
    change."""
    table = page.partition('<details id="chart-data"')[2].partition("</details>")[0]
    rows = re.findall(r"<tr data-label=(.*?)</tr>", table, flags=re.S)
    return [
        (re.findall(r'<th scope="row">(.*?)</th>', row)[0], re.findall(r'value="(.*?)"', row), "data-open" in row)
        for row in rows
    ]


def cells_of_row(row: dict[str, Any]) -> list[str]:
    """Return the amounts that the table must show of a row of the API, in its order."""
    spend = ("cost_per_conversion", "roas", "profit")
    amounts = [row[name] for name in ("cost", "clicks", "views", "conversions", "value", *spend)]
    lost = [row["unattributed"]["conversions"]] if "unattributed" in row else []
    models = [row["models"][model][name] for model in ("last", "first") for name in ("conversions", "value")]
    return [str(amount) for amount in (*amounts, *lost, *models) if amount is not None]


def sign_out(client: Client, user: User) -> None:
    """Sign the user out, and set a password to sign in with."""
    client.logout()
    user.set_password("correct horse")
    user.save()


class TestSigningIn:
    """Before people sign in."""

    def test_the_page_asks_to_sign_in_and_then_returns(self, client: Client, shop: DatedShop, ann: User) -> None:
        sign_out(client, ann)
        asked = client.get(f"/?site={shop.site.key}")
        assert (asked.status_code, asked.headers["Location"]) == (302, f"/login?next=/%3Fsite%3D{shop.site.key}")
        form = {"username": "ann", "password": "correct horse", "next": f"/?site={shop.site.key}"}
        signed_in = client.post("/login", form)
        assert (signed_in.status_code, signed_in.headers["Location"]) == (302, f"/?site={shop.site.key}")
        assert client.get("/").status_code == 200

    def test_a_wrong_password_is_reported_and_the_name_stays(self, client: Client, shop: DatedShop) -> None:
        answer = client.post("/login", {"username": "<ann>", "password": "wrong"})
        assert "Please enter a correct username and password" in text_of(answer)
        assert 'value="&lt;ann&gt;"' in answer.content.decode()

    def test_signing_in_never_redirects_to_another_host(self, client: Client, ann: User) -> None:
        sign_out(client, ann)
        form = {"username": "ann", "password": "correct horse", "next": "https://evil.example/"}
        assert client.post("/login", form).headers["Location"] == "/"

    def test_signing_out_ends_the_session(self, client: Client, ann: User) -> None:
        assert client.post("/logout").headers["Location"] == "/login"
        assert client.get("/").status_code == 302

    def test_a_demo_says_where_to_find_its_password(self, client: Client, db: None) -> None:
        with override_settings(DEMO=True):
            assert "printed in the terminal" in text_of(client.get("/login"))
        with override_settings(DEMO=False):
            assert "terminal" not in text_of(client.get("/login"))


class TestReport:
    """After people have signed in."""

    def test_the_last_28_days_are_shown_with_totals_and_unattributed(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        now = now_ms()
        shop.receive(
            shop.click(iso(now - 26 * 24 * HOUR_MS)),
            shop.click(iso(now - 3 * HOUR_MS), ad="mail", visitor="bob"),
            shop.sale(iso(now - 2 * HOUR_MS), 1234, visitor="bob"),
            shop.sale(iso(now - 2 * HOUR_MS), 5, visitor="eve"),
            shop.click(iso(now - 30 * 24 * HOUR_MS), ad="long ago"),
        )
        answer = client.get("/")
        text = text_of(answer)
        assert "mail not configured 1 1 1,234.00" in text
        assert "summer 1 0 0.00" in text
        assert "Unattributed 1 5.00" in text
        assert "Total 2 2 1,239.00" in text
        assert "long ago" not in text
        today = date.fromisoformat(day_of(now, "Europe/Berlin"))
        assert f'value="{today - timedelta(days=27)}"' in answer.content.decode()
        assert f'value="{today}"' in answer.content.decode()

    def test_every_number_of_the_page_is_the_apis(
        self, client: Client, shop: DatedShop, ann: User, tmp_path: Path
    ) -> None:
        shop.receive(
            shop.click("2026-01-02T10:00Z"),
            shop.sale("2026-01-02T11:00Z", 3),
            shop.click("2026-01-05T10:00Z", ad="mail"),
            shop.hit("view", "2026-01-05T11:00Z", ad="video"),
            shop.click("2026-01-05T11:00Z"),
            shop.sale("2026-01-05T12:00Z", 10),
            shop.sale("2026-01-06T12:00Z", 7, visitor="eve"),
        )
        (tmp_path / "spend.csv").write_text("day,cost,ad\n2026-01-05,4.10,summer\n2026-01-05,1.50,winter\n")
        call_command("import_spend", shop.key, str(tmp_path / "spend.csv"), source="plain", stdout=StringIO())
        for by in ("ad", "campaign", "channel", "source", "goal", "day"):
            page = client.get(f"/?from=2026-01-05&to=2026-01-07&model=linear&beside=last&beside=first&by={by}")
            content = page.content.decode()
            address = re.search(r'href="(/api/reports/conversions\?[^"]*limit[^"]*)"', content)
            assert address
            report = client.get(unescape(address[1])).json()
            assert tiles_of(content) == [
                *((name, str(report["totals"][name])) for name in ("cost", "clicks", "conversions", "value")),
                *((name, report["totals"][name]) for name in ("cost_per_conversion", "roas")),
            ]
            names, rows = rows_of(content)
            assert names == [row[by] for row in report["rows"]]
            assert rows[:-2] == [cells_of_row(row) for row in report["rows"]], by
            assert rows[-2] == [*report["unattributed"].values()][:2] * 3
            lost = {"unattributed": report["unattributed"]} if by in ("goal", "day") else {}
            assert rows[-1] == cells_of_row(report["totals"] | lost)

    def test_a_change_is_shown_against_the_days_before(self, client: Client, shop: DatedShop, ann: User) -> None:
        shop.receive(
            shop.click("2026-01-04T10:00Z"),
            shop.sale("2026-01-04T11:00Z", 10),
            shop.click("2026-01-05T10:00Z"),
            shop.sale("2026-01-05T11:00Z", 15),
        )
        text = text_of(client.get("/?from=2026-01-05&to=2026-01-05"))
        assert "compared with 4 Jan 2026" in text
        assert "Value EUR 15.00 ▲ up 50.0 % from 10.00" in text
        assert "Conversions 1 = unchanged 0.0 % from 1" in text
        assert "Value EUR 15.00 nothing before" in text_of(client.get("/?from=2026-01-05&to=2026-01-05&compare=year"))
        assert "%" not in text_of(client.get("/?from=2026-01-05&to=2026-01-05&compare=none"))

    def test_the_chart_has_all_sales_of_each_step_and_marks_what_may_change(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        shop.receive(
            shop.click("2026-01-04T10:00Z"),
            shop.sale("2026-01-04T11:00Z", 10),
            shop.sale("2026-01-06T12:00Z", 7, visitor="eve"),
            shop.click("2026-01-07T10:00Z"),
            shop.sale("2026-01-07T11:00Z", 2),
            shop.sale("2026-01-07T11:00Z", 4, visitor="eve"),
        )
        marker_came_through(["2026-01-07T10:10Z"])
        value = client.get("/?from=2026-01-06&to=2026-01-08&show=value").content.decode()
        assert points_of(value) == [
            ("Tue 6 Jan 2026", ["7.000000", "0.000000"], False),
            ("Wed 7 Jan 2026", ["6.000000", "10.000000"], True),
            ("Thu 8 Jan 2026", ["0.000000", "0.000000"], True),
        ]
        hours = points_of(client.get("/?from=2026-01-07&to=2026-01-07&show=clicks&compare=none").content.decode())
        assert [hours[at] for at in (0, 10, 11)] == [
            ("00:00", ["0"], False),
            ("10:00", ["0"], False),
            ("11:00", ["1"], True),
        ]
        assert len(hours) == 24

    def test_the_future_is_not_drawn_as_nothing(self, client: Client, shop: DatedShop, ann: User) -> None:
        page = client.get("/?from=2999-01-05&to=2999-01-06&compare=2026-01-05..2026-01-06").content.decode()
        assert [amounts for _, amounts, _ in points_of(page)] == [["0.000000"], ["0.000000"]]

    def test_of_many_rows_a_page_shows_fifty_and_stays_small(self, client: Client, shop: DatedShop, ann: User) -> None:
        shop.receive(*(shop.click("2026-01-05T10:00Z", ad=f"ad-{n:03}", visitor=f"v{n}") for n in range(200)))
        page = client.get("/?from=2026-01-05&to=2026-01-31").content.decode()
        more = re.search(r'href="(\?[^"]*after=[^"]*)">More rows', page)
        assert more
        rest = client.get(f"/{unescape(more[1])}").content.decode()
        assert [*rows_of(page)[0], *rows_of(rest)[0]] == [f"ad-{n:03}" for n in range(100)]
        assert "First rows" in rest
        files = set(re.findall(r'(?:src|href)="/static/([^"]*)"', page))
        assert len(page) + sum(Path(str(finders.find(file))).stat().st_size for file in files) < 150_000

    def test_until_the_first_hit_the_snippet_is_there_to_copy(self, client: Client, shop: DatedShop, ann: User) -> None:
        snippet = f'<script async src="http://testserver/t.js" data-site="{shop.site.key}"></script>'
        assert snippet in text_of(client.get("/"))
        shop.receive(shop.click("2026-01-05T10:00Z"))
        assert snippet not in text_of(client.get("/"))
        assert snippet in text_of(client.get("/setup"))

    def test_the_open_hour_and_the_sealed_instant_are_shown_in_the_sites_time(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        shop.process(shop.click(iso(now_ms())))
        assert "No figure is final yet" in text_of(client.get("/"))
        shop.roll_up()
        marker_came_through(["2026-01-10T12:10Z"])
        text = text_of(client.get("/"))
        assert "Final up to 10 Jan 2026, 13:00" in text
        assert "roughly: 1 hit, 1 click, 0 conversions, 0.00 EUR" in text

    def test_a_past_range_that_is_complete_is_final_and_has_no_open_hour(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        shop.roll_up()
        marker_came_through(["2026-01-10T12:10Z"])
        text = text_of(client.get("/?from=2026-01-01&to=2026-01-08"))
        assert "All of these figures are final." in text
        assert "This hour" not in text

    def test_the_csv_has_the_chosen_model_and_range(self, client: Client, shop: DatedShop, ann: User) -> None:
        shop.receive(
            shop.click("2026-01-05T10:00Z"),
            shop.click("2026-01-05T11:00Z", ad="mail"),
            shop.sale("2026-01-05T12:00Z", 8),
        )
        answer = client.get("/?from=2026-01-05&to=2026-01-05&model=first")
        assert "summer 1 1 8.00" in text_of(answer)
        found = re.search(r'href="(/api/reports/conversions\?[^"]*format[^"]*)"', answer.content.decode())
        assert found
        table = client.get(unescape(found[1]))
        assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert table.content.startswith(b"\xef\xbb\xbf")
        assert b'"summer",true,1,0,1.000000,8.000000,' in table.content

    def test_a_bad_range_is_explained_and_the_form_stays(self, client: Client, shop: DatedShop, ann: User) -> None:
        answer = client.get("/?from=2026-01-05&to=2026-01-01")
        assert answer.status_code == 400
        assert "lies before" in text_of(answer)
        assert 'value="2026-01-05"' in answer.content.decode()
        assert client.get("/?model=magic").status_code == 400

    def test_todays_refused_hits_are_shown_with_a_sample(self, client: Client, shop: DatedShop, ann: User) -> None:
        assert "refused today" not in text_of(client.get("/"))
        sale = {"site": shop.site.key, "type": "conversion", "user": "ann", "name": "<b>x</b>", "id": "a b"}
        for hits in ([sale] * 37, [{**sale, "type": "sale", "id": "h1"}] * 2):
            assert client.post("/collect", hits, content_type="application/json").status_code == 400
        REFUSALS.flush()
        answer = client.get("/")
        assert "37 sales refused today: bad_id. Up to 64 of A-Za-z0-9._:-" in text_of(answer)
        assert "2 hits refused today: bad_type." in text_of(answer)
        assert '"user": "aaa"' in unescape(answer.content.decode())
        assert "<b>x" not in answer.content.decode()
        assert f'href="/health?site={shop.site.key}#refused"' in answer.content.decode()

    def test_value_without_a_rate_is_shown_with_what_to_do(self, client: Client, shop: DatedShop, ann: User) -> None:
        at = iso(now_ms() - HOUR_MS)
        shop.receive(shop.sale(at, 1200, currency="GBP", order="A"))
        text = text_of(client.get("/"))
        assert "1 conversion lacks some value, because no exchange rate is known: 1,200.00 GBP." in text
        assert "manage.py load_rates FILE.csv" in text
        shop.receive(shop.sale(at, 3, currency="CHF"), shop.hit("adjustment", at, order="A", kind="retract"))
        assert "1 conversion lacks some value, because no exchange rate is known: 3.00 CHF." in text_of(client.get("/"))
        shop.receive(shop.sale(at, 4, currency="GBP"))
        assert "2 conversions lack some value, because no exchange rate is known: 3.00 CHF, 4.00 GBP." in text_of(
            client.get("/")
        )

    def test_if_all_value_has_rates_the_page_does_not_mention_them(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        shop.receive(shop.sale(iso(now_ms() - HOUR_MS), 1200))
        assert "exchange rate" not in text_of(client.get("/"))

    def test_data_driven_models_say_which_months_they_learnt_from(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        shop.receive(shop.click("2026-03-05T10:00Z"), shop.sale("2026-03-05T12:00Z"))
        shop.receive(shop.click("2026-04-05T10:00Z", visitor="bob"), shop.sale("2026-04-05T12:00Z", visitor="bob"))
        query = "/?from=2026-03-01&to=2026-04-30&model="
        text = text_of(client.get(f"{query}markov"))
        assert "The model learnt nothing from 2026-02 about purchase." in text
        assert "The model learnt nothing from 2026-03 about purchase." in text
        fitter = Fitter(shop.store, sequence, fit_marks, load_site, lambda: 0, now_ms)
        for mark in fitter.due(shop.site.key):
            fitter.fit(mark, WHENEVER)
        text = text_of(client.get(f"{query}shapley"))
        assert "The credit of ads follows from what the model learnt from 2026-03." in text
        assert re.findall(r"The model learnt nothing from (\S+)", text) == ["2026-02"]
        assert "learnt" not in text_of(client.get(f"{query}linear"))

    def test_an_ad_name_from_a_hit_is_never_markup(self, client: Client, shop: DatedShop, ann: User) -> None:
        shop.receive(shop.click(iso(now_ms()), ad="<script>alert(1)</script>"))
        page = client.get("/").content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page


class TestWhoSeesWhat:
    """Users, staff and people without an account."""

    def test_another_accounts_site_is_not_found(self, client: Client, ann: User) -> None:
        other = DatedShop(open_store())
        answer = client.get(f"/?site={other.site.key}")
        assert answer.status_code == 404
        assert "No site that you may read" in text_of(answer)

    def test_one_of_several_sites_is_chosen(self, client: Client, shop: DatedShop, ann: User) -> None:
        second = Site.objects.create(account=shop.account, name="A second shop")
        assert f'<option value="{second.key}" selected>' in client.get("/").content.decode()
        chosen = client.get(f"/?site={shop.site.key}").content.decode()
        assert f'<option value="{shop.site.key}" selected>' in chosen

    def test_a_user_without_a_site_is_told_whom_to_ask(self, client: Client, shop: DatedShop) -> None:
        client.force_login(User.objects.create_user("new"))
        text = text_of(client.get("/"))
        assert "Ask whoever runs this tracker" in text
        assert "Administration" not in text

    def test_staff_find_the_administration(self, client: Client, shop: DatedShop) -> None:
        client.force_login(User.objects.create_user("sue", is_staff=True))
        assert 'href="/admin/"' in client.get("/").content.decode()
        assert shop.site.name in text_of(client.get("/"))

    def test_staff_of_an_empty_tracker_are_told_how_to_begin(self, client: Client, db: None) -> None:
        client.force_login(User.objects.create_user("sue", is_staff=True))
        assert "manage.py bootstrap" in text_of(client.get("/"))


class TestPolicy:
    """What the page may load."""

    @pytest.mark.parametrize("path", ["/", "/login"])
    def test_nothing_inline_or_from_another_host_runs(
        self, client: Client, shop: DatedShop, ann: User, path: str
    ) -> None:
        if path == "/login":
            client.logout()
        answer = client.get(path)
        page = answer.content.decode()
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page)
        loaded = re.findall(r'<(?:script|link rel="stylesheet")[^>]*(?:src|href)="([^"]*)"', page)
        assert loaded
        assert all(url.startswith("/static/") and finders.find(url.removeprefix("/static/")) for url in loaded)

    def test_pages_are_not_cached(self, client: Client, shop: DatedShop, ann: User) -> None:
        assert client.get("/").headers["Cache-Control"] == "no-store"

    def test_another_method_is_refused_in_the_shape_of_every_error(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        for path in ("/", "/explain", "/explain/x"):
            answer = client.post(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
            assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"

    def test_while_the_configuration_is_away_the_page_says_so(self, client: Client, shop: DatedShop, ann: User) -> None:
        assert_says_it_is_away(client, "conversions_goalversion")

    def test_while_the_store_is_away_the_page_says_so(
        self, client: Client, shop: DatedShop, ann: User, settings: Any
    ) -> None:
        settings.CASSANDRA_URL = ""  # the test can break only the SQL store
        mark_buckets(shop.site.key, [now_ms()])  # without hits there would be no figures to read
        assert_says_it_is_away(client, "conversions_cellrow")


def assert_says_it_is_away(client: Client, table: str) -> None:
    """Rename a table within the transaction, and check that the page is then a 503 that says what to do."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO gone")
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "A service is away" in text_of(answer)


@pytest.mark.parametrize(
    ("text", "places", "shown"),
    [
        ("1234.500000", 2, "1,234.50"),
        ("-0.000001", 2, "-0.000001"),
        ("1.000000", 0, "1"),
        ("0.333334", 0, "0.333334"),
        ("0.000000", 2, "0.00"),
        (12345, 0, "12,345"),
    ],
)
def test_amounts_are_shown_whole(text: str, places: int, shown: str) -> None:
    assert amount(text, places) == shown


class TestOpenHour:
    """The line of the present hour, which the dashboard fetches again."""

    def test_the_line_has_the_figures_of_the_hour_and_of_one_goal(
        self, client: Client, shop: DatedShop, ann: User
    ) -> None:
        now = now_ms()
        shop.process(shop.click(now), shop.sale(iso(now), 5), shop.hit("event", now, name="signup"))
        page = client.get(f"/?site={shop.key}&goal=purchase").content.decode()
        assert f'data-from="/live?site={shop.key}&amp;goal=purchase"' in page
        hour = f"This hour , since {text_of(client.get('/live'))[18:23]} , roughly: 3 hits, 1 click,"
        assert text_of(client.get("/live")) == f"{hour} 2 conversions, 5.00 EUR"
        assert text_of(client.get(f"/live?site={shop.key}&goal=signup")) == f"{hour} 1 conversion, 0.00 EUR"

    def test_only_the_dashboard_may_fetch(self, client: Client, shop: DatedShop, ann: User) -> None:
        policies = {path: client.get(path).headers["Content-Security-Policy"] for path in ("/", "/live", "/health")}
        assert {path: "connect-src 'self'" in policy for path, policy in policies.items()} == {
            "/": True,
            "/live": False,
            "/health": False,
        }

    def test_a_filter_that_the_hour_does_not_have_is_refused(self, client: Client, shop: DatedShop, ann: User) -> None:
        assert client.get("/live?ad=summer").status_code == 400
        assert client.get("/live?goal=nonsense").status_code == 404
        client.logout()
        assert client.get("/live").headers["Location"] == "/login?next=/live"
