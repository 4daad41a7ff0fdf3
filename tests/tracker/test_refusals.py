"""Refusals: collection counts refused hits by site, day and code, with a sample that identifies nobody."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import requests
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client, RequestFactory

from tests.running import Tracker
from tracker import refusals
from tracker.collection.refusal import Refusal
from tracker.collection.sample import sample_of
from tracker.models import Account, RefusedCount, Site, Token
from tracker.refusals import REFUSALS, WRITE_SECONDS, Key, Refusals, Tally, note_refusal
from tracker.views import NotDurable

pytestmark = pytest.mark.django_db
PERSON = {
    "visitor": "V4711abc",
    "user": "ann.anders@example.com",
    "order": "Order-4711",
    "url": "https://shop.example/thanks/4711?gclid=SecretClick",
    "ref": "https://mail.example/ann@example.com",
    "title": "Hello Ann",
    "props": {"phone": "0301234567"},
    "match": {"email": "b1" * 32},
}


@pytest.fixture
def site() -> Site:
    REFUSALS.flush()
    RefusedCount.objects.all().delete()
    return Site.objects.create(account=Account.objects.create(name="Shop"), name="Shop", timezone="Pacific/Kiritimati")


def send(body: Any, **headers: str) -> Any:
    return Client().post("/collect", body, content_type="application/json", headers=headers)


def counted(**wanted: Any) -> list[tuple[str, str, int, int]]:
    REFUSALS.flush()
    return [(one.site, one.code, one.hits, one.sales) for one in RefusedCount.objects.filter(**wanted).order_by("code")]


def sample() -> dict[str, Any]:
    REFUSALS.flush()
    found: dict[str, Any] = RefusedCount.objects.get().sample
    return found


def test_refused_hits_are_counted_by_site_and_code_and_sales_among_them(site: Site) -> None:
    bad: dict[str, Any] = {"site": site.key, "id": "no blanks"}
    assert send([bad, {**bad, "type": "conversion"}, {"site": site.key}]).status_code == 200
    assert send(bad).status_code == 400
    assert send({"site": site.key, "type": "sale"}).status_code == 400
    assert counted() == [(site.key, "bad_id", 3, 1), (site.key, "bad_type", 1, 0)]


def test_refused_hits_are_counted_on_the_sites_own_day(site: Site) -> None:
    send({"site": site.key, "id": "no blanks"})
    assert counted()
    kiritimati = datetime.now(UTC) + timedelta(hours=14)
    assert kiritimati.date() - RefusedCount.objects.get().day in (timedelta(0), timedelta(1))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"site": "KEY", "value": 1,299}', "bad_json"),
        (b'[{"site": "KEY", "type": "conversion"}, {"site": "KEY"', "bad_json"),
        (b'[{"site": "KEY"}' + b', {"site": "KEY"}' * 500 + b"]", "too_many_hits"),
    ],
)
def test_an_unreadable_request_is_counted_for_the_site_that_it_names(site: Site, body: bytes, code: str) -> None:
    assert send(body.replace(b"KEY", site.key.encode())).status_code in (400, 413)
    assert counted() == [(site.key, code, 1, 0)]


def test_a_form_an_image_and_a_wrong_token_are_counted_too(site: Site) -> None:
    Client().post("/collect", f"site={site.key}&id=a+b", content_type="application/x-www-form-urlencoded")
    Client().get("/pixel.gif", {"site": site.key, "type": "sale"})
    send({"site": site.key}, authorization="Bearer made-up")
    assert counted() == [(site.key, code, 1, 0) for code in ("bad_id", "bad_token", "bad_type")]


def test_refused_clicks_and_crossings_are_counted_too(site: Site) -> None:
    Client().get(f"/click/{site.key}/none")
    Client().get("/collect/crossing", {"site": site.key})
    assert counted() == [(site.key, "missing_visitor", 1, 0), (site.key, "unknown_ad", 1, 0)]


def test_a_postback_with_a_wrong_secret_is_counted_and_the_secret_not_kept(site: Site) -> None:
    answer = Client().get("/postback", {"site": site.key, "click": "click-4711", "secret": "guess-4711"})
    assert answer.status_code == 403
    assert counted() == [(site.key, "bad_secret", 1, 0)]
    assert "4711" not in json.dumps(sample())


def test_too_many_hits_a_second_are_counted(site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(hits_per_second=1)
    answers = [send([{"site": site.key}] * 3).status_code for _ in range(3)]
    assert answers == [200, 429, 429]
    assert counted() == [(site.key, "rate_limited", 2, 0)]


def test_unknown_site_keys_share_one_count(site: Site) -> None:
    for n in range(30):
        send({"site": f"made-up-{n}"})
    send([{"site": site.key}, {"site": "another"}])
    send({})
    send({"site": "x" * 5_000})
    send(b"\x00\xff nonsense")
    assert counted() == [
        ("unknown", "bad_json", 1, 0),
        ("unknown", "missing_site", 1, 0),
        ("unknown", "too_long", 1, 0),
        ("unknown", "unknown_site", 31, 0),
    ]


def test_a_site_is_not_shown_what_a_server_of_another_account_sends(site: Site) -> None:
    _, secret = Token.issue(Account.objects.create(name="Other"), "ingest")
    assert send({"site": site.key}, authorization=f"Bearer {secret}").status_code == 404
    assert counted() == [("unknown", "unknown_site", 1, 0)]


def test_server_errors_are_not_counted(site: Site) -> None:
    note_refusal(RequestFactory().get("/collect", {"site": site.key}), NotDurable())
    assert counted() == []


class TestSample:
    """The sample of the latest refused hit."""

    def test_a_sample_shows_how_the_hit_was_written(self, site: Site) -> None:
        sale = {"site": site.key, "type": "conversion", "name": "purchase", "value": "29.90", "id": "no blanks"}
        send(sale, origin="https://shop.example")
        found = sample()
        assert found == {
            "at": ANY,
            "method": "POST",
            "path": "/collect",
            "content_type": "application/json",
            "origin": "https://shop.example",
            "field": "id",
            "detail": "Up to 64 of A-Za-z0-9._:-",
            "body": ANY,
        }
        assert json.loads(found["body"]) == {**sale, "id": "aa aaaaaa"}

    @pytest.mark.parametrize("consent", [None, "denied", "granted"])
    @pytest.mark.parametrize("fault", [{"id": "no blanks"}, {"visitor": "ann anders 4711"}, {"type": "Sale"}])
    def test_a_sample_identifies_nobody_even_with_consent(
        self, site: Site, consent: Any, fault: dict[str, Any]
    ) -> None:
        hit = {"site": site.key, **PERSON, **fault, "consent": consent}
        assert send(hit, user_agent="Browser/4711", x_forwarded_for="203.0.113.9").status_code == 400
        self.names_nobody()

    @pytest.mark.parametrize("end", ["", "}}", "\\"])
    def test_the_sample_of_an_unreadable_body_identifies_nobody(self, site: Site, end: str) -> None:
        body = json.dumps({"site": site.key, **PERSON})[:-1] + "," + end
        assert send(body.encode(), user_agent="Browser/4711").status_code == 400
        self.names_nobody()
        form = f"site={site.key}&user=ann.anders@example.com&visitor=V4711abc" + "&p.x=1" * 300
        Client().post("/collect", form, content_type="application/x-www-form-urlencoded")
        REFUSALS.flush()
        kept = [json.dumps(one.sample) for one in RefusedCount.objects.all()]
        assert [one.code for one in RefusedCount.objects.order_by("code")] == ["bad_json", "bad_query"]
        assert not any(word in one for one in kept for word in ("ann", "4711"))

    def names_nobody(self) -> None:
        # A site's key is random and may have any digits.
        kept = json.dumps(sample()).replace(RefusedCount.objects.get().site, "")
        for word in ("4711", "ann", "Ann", "0301234", "SecretClick", "203.0.113", "Browser", "b1b1b1"):
            assert word not in kept, kept

    def test_a_sample_has_the_pages_address_without_its_query(self, site: Site) -> None:
        send({"site": site.key, "id": "a b", "url": "https://shop.example/thanks/4711?gclid=x#y"})
        assert json.loads(sample()["body"])["url"] == "https://shop.example/thanks/9999"

    @pytest.mark.parametrize("letter", ["x", "é", "日", "\\u0000", "\\ud800", '\\"', "\x01"])
    def test_a_sample_is_small_whatever_was_sent(self, site: Site, letter: str) -> None:
        long = letter * 9_000
        for body in (
            f'{{"site": "{site.key}", "id": "a b", "name": "{long}"}}',
            f'{{"site": "{site.key}", "id": "a b", "{long}": "{long}"}}',
            f'{{"site": "{site.key}", "id": "a b", "props": {{"a": "{long}"}}, "value": "{long}"}}',
            f'{{"site": "{site.key}", "id": "{long}", {long}',
        ):
            assert send(body.encode(), origin="https://o" + "x" * 9_000).status_code in (400, 413)
        REFUSALS.flush()
        for one in RefusedCount.objects.all():
            assert len(one.sample.pop("body").encode()) <= 1_600
            assert len(json.dumps(one.sample).encode()) <= 600

    def test_the_sample_is_of_the_latest_write(self, site: Site) -> None:
        for fault in ("a b", "a  b"):
            send({"site": site.key, "id": fault})
            REFUSALS.flush()
        assert json.loads(sample()["body"])["id"] == "a  a"


class TestFlood:
    """Anybody may cause any number of refusals."""

    def test_many_refusals_make_one_row_per_code_and_at_most_two_writes_each(
        self, site: Site, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        for n in range(40):
            send([{"site": site.key, "id": "a b"}, {"site": f"k{n}"}, {"site": site.key, "type": "x"}] * 100)
        with django_assert_max_num_queries(8):
            assert [one[2] for one in counted()] == [4_000, 4_000, 4_000]

    def test_any_number_of_keys_in_a_request_costs_one_look_up(
        self, site: Site, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        with django_assert_max_num_queries(2):
            send([{"site": f"{site.key}{n}", "id": "a b"} for n in range(500)])
        assert counted() == [("unknown", "bad_id", 500, 0)]

    def test_waiting_counts_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refusals, "MAX_WAITING", 10)
        written: dict[Key, Tally] = {}
        counts = Refusals(written.update)
        counts.in_background = False
        fill(counts, [f"s{n}" for n in range(100)])
        counts.flush()
        assert len(written) == 11
        assert sum(tally.hits for tally in written.values()) == 100
        assert written[Key("unknown", date(2026, 11, 20), "bad_id")].hits == 90

    def test_counts_that_cannot_be_written_are_written_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refusals, "MAX_WAITING", 3)
        written: dict[Key, Tally] = {}
        is_away = [True]

        def write(tallies: Mapping[Key, Tally]) -> None:
            if is_away[0]:
                raise DatabaseError("away")
            written.update(tallies)

        counts = Refusals(write)
        counts.in_background = False
        for names in (["a", "b"], ["b", "c", "d"], ["e"]):
            fill(counts, names)
            with pytest.raises(DatabaseError):
                counts.flush()
        is_away[0] = False
        counts.flush()
        counts.flush()
        assert len(written) <= 4
        assert sum(tally.hits for tally in written.values()) == 6

    def test_old_counts_are_deleted(self, site: Site) -> None:
        today = datetime.now(UTC).date()
        for days in (1, RefusedCount.KEPT_DAYS - 2, RefusedCount.KEPT_DAYS + 3):
            RefusedCount.objects.create(site=site.key, day=today - timedelta(days=days), code="bad_id", hits=days)
        send({"site": site.key, "id": "a b"})
        assert sorted(hits for _, _, hits, _ in counted()) == [1, 1, RefusedCount.KEPT_DAYS - 2]


def fill(counts: Refusals, sites: list[str]) -> None:
    for site in sites:
        key = Key(site, date(2026, 11, 20), "bad_id")
        counts.count(key, False, lambda: sample_of(Refusal(400, "bad_id", "why"), at="now"))


class TestStaff:
    """Support sees the counts, by the API and in the admin."""

    @pytest.fixture
    def staff(self, site: Site) -> Client:
        client = Client()
        client.force_login(User.objects.create_superuser("sam"))
        send({"site": site.key, "id": "a b"})
        send({"site": "none"})
        REFUSALS.flush()
        return client

    def test_the_api_lists_them_by_site_and_code(self, staff: Client, site: Site) -> None:
        rows = staff.get("/api/refused").json()["results"]
        assert {(row["site"], row["code"], row["hits"]) for row in rows} == {
            (site.key, "bad_id", 1),
            ("unknown", "unknown_site", 1),
        }
        (row,) = staff.get("/api/refused", {"site": "unknown"}).json()["results"]
        assert json.loads(row["sample"]["body"]) == {"site": "none"}
        assert staff.get("/api/refused", {"code": "bad_id"}).json()["count"] == 1
        assert staff.post("/api/refused", {}).status_code == 405

    def test_the_admin_shows_the_counts_read_only(self, staff: Client, site: Site) -> None:
        listed = staff.get("/admin/tracker/refusedcount/").content.decode()
        assert "bad_id" in listed
        assert "Up to 64 of" in listed
        one = RefusedCount.objects.get(site=site.key)
        assert staff.get(f"/admin/tracker/refusedcount/{one.pk}/change/").status_code == 200
        assert staff.post(f"/admin/tracker/refusedcount/{one.pk}/change/", {"hits": "9"}).status_code == 403

    def test_only_support_sees_the_counts(self, staff: Client) -> None:
        assert Client().get("/api/refused").status_code == 403
        client = Client()
        client.force_login(User.objects.create_user("ann"))
        assert client.get("/api/refused").status_code == 403


def test_every_web_process_adds_its_counts_within_seconds(tmp_path: Path) -> None:
    with Tracker(tmp_path, {"WEB_CONCURRENCY": "2"}) as tracker:
        tracker.migrate()
        shop = tracker.bootstrap("--domain", "shop.example")
        tracker.start("web")
        for _ in range(40):
            answer = requests.get(f"{tracker.url}/collect", {"site": shop["site"], "id": "a b"}, timeout=30)
            assert answer.status_code == 400
        deadline = time.monotonic() + 4 * WRITE_SECONDS
        counts: dict[str, int] = {}
        while counts.get("bad_id") != 40 and time.monotonic() < deadline:
            time.sleep(0.5)
            answer = requests.get(
                f"{tracker.url}/api/rejected",
                {"site": shop["site"]},
                headers={"Authorization": f"Bearer {shop['report_token']}"},
                timeout=30,
            )
            counts = answer.json()["refused"]["counts"]
        assert counts == {"bad_id": 40}
