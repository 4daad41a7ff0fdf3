"""`/api/rejected`: hits that were accepted but made no fact, newest first, with codes and counts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.explain.claimants import Claimants
from conversions.explain.find import find_order
from conversions.explain.rejected import LOOKED_THROUGH, PAGE, RejectedCursor, find_rejected
from conversions.explain.rejected_before import LOOKS_BACK, read_rejected_before
from conversions.facts.rejected import RejectedHit
from conversions.store.port import Store
from conversions.units.now import now_ms
from tests.openapi import described
from tests.shop import BATCH, DAY, HOUR, NOON, Shop
from tracker.archive import archive_key
from tracker.collection.hit import iso, to_plain
from tracker.collection.refusal import Refusal
from tracker.collection.sample import sample_of
from tracker.models import RefusedCount, Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store)


def ask(shop: Shop, path: str = "/api/rejected", **query: str) -> Any:
    _, secret = Token.issue(shop.account, "report")
    return described(Client().get(path, query, headers={"authorization": f"Bearer {secret}"}))


def around_noon(shop: Shop, **query: str) -> Any:
    answer = ask(shop, site=shop.key, **{"from": "2026-11-20", "to": "2026-11-21", **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def hits(answer: Any) -> list[str]:
    return [row["hit"] for row in answer["results"]]


def reject(shop: Shop, hits: Sequence[tuple[str, int]], code: str = "no_goal") -> None:
    rows = [
        RejectedHit(
            site=shop.key, at=NOON + at, hit=hit, code=code, field="name", detail="why", batch=BATCH, body='{"a":1'
        )
        for hit, at in hits
    ]
    for start in range(0, len(rows), 20):
        shop.store.write_rejected(rows[start : start + 20], 10_000)


def test_a_hit_that_met_no_goal_is_listed_with_its_reason_its_batch_and_its_body(shop: Shop) -> None:
    shop.process(shop.hit("conversion", "h1", name="nonsense"))
    answer = around_noon(shop)
    (row,) = answer["results"]
    assert (row["hit"], row["at"], row["code"], row["field"]) == ("h1", "2026-11-20T12:00:00Z", "no_goal", "name")
    assert "nonsense" in row["detail"]
    assert (row["batch"], row["archive_key"]) == (BATCH, archive_key(BATCH))
    assert row["body"]["name"] == "nonsense"
    assert (answer["next"], answer["counts"]) == (None, {"no_goal": 1})


def test_the_newest_come_first_and_only_those_of_the_range(shop: Shop) -> None:
    reject(shop, [("a", 0), ("b", HOUR), ("before", -13 * HOUR), ("after", 12 * HOUR)])
    assert hits(around_noon(shop)) == ["b", "a"]
    assert hits(around_noon(shop, **{"from": "2026-11-20T12:30Z"})) == ["b"]


def test_by_default_the_last_thirty_days_are_listed(shop: Shop) -> None:
    now = now_ms()
    for hit, at in (("recent", now - 29 * DAY), ("old", now - 31 * DAY), ("ahead", now + 5 * 60_000)):
        shop.store.write_rejected([RejectedHit(site=shop.key, at=at, hit=hit, code="bot")], 100)
    answer = ask(shop, site=shop.key).json()
    assert hits(answer) == ["ahead", "recent"]
    assert answer["results"][1]["at"] == iso(now - 29 * DAY)


def test_rejected_hits_are_filtered_by_code_and_hit(shop: Shop) -> None:
    reject(shop, [("a", 0), ("b", 1)])
    reject(shop, [("c", 2)], code="bot")
    assert hits(around_noon(shop, code="bot")) == ["c"]
    assert hits(around_noon(shop, hit="a")) == ["a"]
    assert hits(around_noon(shop, hit="a", code="bot")) == []
    assert around_noon(shop, code="bot")["counts"] == {"bot": 1, "no_goal": 2}


def test_rejected_hits_are_filtered_by_visitor_order_and_user(shop: Shop) -> None:
    shop.process(
        shop.hit("conversion", "h1", name="none", order="A-17"),
        shop.hit("conversion", "h2", 1, name="none", visitor="bob", user="u1"),
    )
    reject(shop, [("cut", 2)])
    assert hits(around_noon(shop)) == ["cut", "h2", "h1"]
    assert hits(around_noon(shop, visitor="ann")) == hits(around_noon(shop, order="A-17")) == ["h1"]
    assert hits(around_noon(shop, visitor="bob")) == hits(around_noon(shop, user="u1", code="no_goal")) == ["h2"]
    assert hits(around_noon(shop, visitor="bob", order="A-17")) == []


def test_pages_list_each_hit_once_even_if_many_share_an_instant(shop: Shop) -> None:
    names = [f"h{n}" for n in range(2 * PAGE + 20)]
    reject(shop, [(name, 0 if n >= 20 else n) for n, name in enumerate(names)])
    answer, found = around_noon(shop), []
    while True:
        found += hits(answer)
        if not answer["next"]:
            break
        answer = ask(shop, answer["next"]).json()
    assert sorted(found) == sorted(names)


def test_a_search_through_many_goes_on_where_it_stopped(sql_store: Store) -> None:
    shop = Shop(sql_store)
    reject(shop, [(f"h{n}", n) for n in range(LOOKED_THROUGH + 5)])
    page = find_rejected(shop.store, shop.key, RejectedCursor(0, NOON + DAY), lambda row: row.hit == "h2")
    assert page.hits == []
    assert page.next is not None
    page = find_rejected(shop.store, shop.key, page.next, lambda row: row.hit == "h2")
    assert [row.hit for row in page.hits] == ["h2"]


def test_an_explanation_searches_the_newest_rejected_hits_and_says_since_when(sql_store: Store) -> None:
    shop = Shop(sql_store)
    shop.process(shop.hit("event", "gone", -2, prefetch=True), shop.sale("s1", order="o1"))
    reject(shop, [(f"h{n}", -n) for n in range(1, LOOKED_THROUGH)])
    (case,) = find_order(sql_store, shop.config(), "o1").cases
    before = read_rejected_before(sql_store, shop.key, case, Claimants(), archive_key)
    assert ([row.hit for row in before.hits], before.since) == (["gone"], iso(NOON - LOOKS_BACK))
    reject(shop, [(f"n{n}", 0) for n in range(LOOKED_THROUGH)])
    before = read_rejected_before(sql_store, shop.key, case, Claimants(), archive_key)
    assert (before.hits, before.since) == ((), iso(NOON))


def test_a_body_that_was_cut_is_shown_as_text(shop: Shop) -> None:
    reject(shop, [("a", 0)])
    assert around_noon(shop)["results"][0]["body"] == '{"a":1'


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"from": "yesterday"}, "bad_range", "from"),
        ({"from": "2026-11-21", "to": "2026-11-20"}, "bad_range", "from"),
        ({"from": "2026-01-01", "to": "2026-11-20"}, "range_too_long", "from"),
        ({"from": "0001-01-01"}, "range_too_long", "from"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "bad_range", "from"),
        ({"code": "x" * 201}, "bad_parameter", "code"),
        ({"after": "x.y"}, "bad_page", "after"),
        ({"after": "5"}, "bad_page", "after"),
    ],
)
def test_unreadable_parameters_are_refused_with_a_code(
    shop: Shop, query: dict[str, str], code: str, field: str
) -> None:
    answer = ask(shop, site=shop.key, **query)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (400, code, field)


def test_a_range_before_all_time_is_empty(shop: Shop) -> None:
    assert around_noon(shop, **{"from": "1900-01-01", "to": "1900-01-02"})["results"] == []


def test_another_accounts_rejected_hits_are_not_found(shop: Shop) -> None:
    assert ask(Shop(shop.store), site=shop.key).status_code == 404


def test_signed_in_staff_reads_it_in_the_browser(shop: Shop) -> None:
    reject(shop, [("a", 0)])
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))
    query = {"site": shop.key, "from": "2026-11-20", "to": "2026-11-21"}
    page = client.get("/api/rejected", query, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "no_goal" in page.content.decode()


def refused(shop: Shop, day: str, code: str, hits: int, sales: int = 0) -> None:
    sample = to_plain(sample_of(Refusal(400, code, "why"), at="2026-11-20T12:00:00Z", path="/collect"))
    row = RefusedCount(site=shop.key, day=date.fromisoformat(day), code=code, hits=hits, sales=sales, sample=sample)
    RefusedCount.add_all([row])


def test_refused_hits_are_listed_beside_rejected_ones(shop: Shop) -> None:
    shop.process(shop.hit("conversion", "h1", name="nonsense"))
    refused(shop, "2026-11-20", "bad_value", 37, sales=37)
    refused(shop, "2026-11-20", "bad_id", 2)
    for day in ("2026-11-19", "2026-11-21"):
        refused(shop, day, "bad_type", 9)
    answer = around_noon(shop)
    assert hits(answer) == ["h1"]
    assert answer["refused"]["counts"] == {"bad_id": 2, "bad_value": 37}
    first, _ = answer["refused"]["days"]
    assert {**first, "sample": first["sample"]["detail"]} == {
        "day": "2026-11-20",
        "code": "bad_value",
        "hits": 37,
        "sales": 37,
        "sample": "why",
    }
    assert [one["code"] for one in around_noon(shop, code="bad_id")["refused"]["days"]] == ["bad_id"]


def test_refused_hits_of_another_site_are_not_listed(shop: Shop) -> None:
    refused(shop, "2026-11-20", "bad_value", 37)
    other = Shop(shop.store)
    assert around_noon(other)["refused"] == {"counts": {}, "days": []}
    assert ask(other, site=shop.key).status_code == 404
