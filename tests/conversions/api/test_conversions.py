"""`/api/conversions`: access, refusals, and the answers that the contract describes."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.api.conversions import PAGE
from conversions.attribution.credit import MODELS
from conversions.facts import person
from conversions.facts.records import conversion_id
from conversions.models import Goal
from conversions.store.port import Store
from tests.openapi import described
from tests.shop import BATCH, DAY, HOUR, MINUTE, NOON, Shop
from tracker.archive import FolderArchive, Merger, archive_key
from tracker.collection.hit import Batch
from tracker.models import Token

pytestmark = pytest.mark.django_db

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store)


def ask(shop: Shop, path: str = "/api/conversions", **query: str) -> Any:
    """Return the answer to a program with the shop's token."""
    _, secret = Token.issue(shop.account, "report")
    return described(Client().get(path, query, headers={"authorization": f"Bearer {secret}"}))


def told(shop: Shop, **query: str) -> list[Any]:
    answer = ask(shop, site=shop.key, **query)
    assert answer.status_code == 200, answer.content
    results: list[Any] = answer.json()["results"]
    return results


def refusal(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


def test_a_conversion_is_found_by_order_hit_and_visitor_and_by_its_id(shop: Shop) -> None:
    shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="o1"))
    (one,) = told(shop, order="o1")
    assert told(shop, hit="s1") == told(shop, visitor="ann") == [one]
    assert one["id"] == conversion_id(shop.key, shop.goal.uid, "o:o1")
    answer = ask(shop, f"/api/conversions/{one['id']}")
    assert (answer.status_code, answer.json()) == (200, one)
    assert answer["Cache-Control"] == "no-store"


def test_a_sale_that_names_a_click_is_found_by_it_and_by_the_visitor_who_clicked(shop: Shop) -> None:
    url = "https://shop.example/?gclid=G1"
    shop.process(shop.click("c1", -HOUR, url=url), shop.sale("s1", visitor="partner", click="G1"))
    shop.process(
        shop.click("c2", -MINUTE, url=url, visitor="bob"), shop.sale("s2", visitor="b", click="G1", order="o2")
    )
    first, second = told(shop, click="G1")
    assert [one["hit"] for one in told(shop, visitor="ann")] == ["s1", "s2"]
    assert told(shop, visitor="bob") == []
    assert (first["click"]["hit"], first["click"]["visitor"], first["click"]["reason"]) == ("c1", "ann", None)
    assert [touch["credit"]["last"] for touch in first["touches"]] == ["1.000000"]
    assert [person["visitors"][0]["visitor"] for person in second["persons"]] == ["b", "ann"]
    timeline = ask(shop, "/api/visitors", site=shop.key, visitor="ann").json()["results"]
    assert [(fact["hit"], fact.get("click")) for fact in timeline] == [("c1", None), ("s1", "G1"), ("s2", "G1")]


def test_the_object_that_is_named_is_the_merged_one_once_its_hour_is_merged(shop: Shop, archive: FolderArchive) -> None:
    hits = (shop.click("c1", -HOUR), shop.sale("s1", order="o1"))
    small = archive.put(Batch(BATCH, hits))
    shop.process(*hits)

    def named() -> set[str]:
        (one,) = told(shop, order="o1")
        timeline = ask(shop, "/api/visitors", site=shop.key, visitor="ann").json()["results"]
        return {one["archive_key"], *(row["archive_key"] for row in [*one["touches"], *timeline])}

    assert named() == {small}
    list(Merger(archive).merge(NOON + HOUR))
    assert named() == set(archive.list_merged())
    assert len(archive.get(*named())) == 2


def test_a_sale_that_names_a_click_that_nobody_carries_says_so(shop: Shop) -> None:
    shop.process(shop.sale("s1", visitor="partner", click="G1"))
    (one,) = told(shop, click="G1")
    assert one["click"] == {"id": "G1", "hit": None, "visitor": None, "at": None, "reason": "unknown_click"}
    assert told(shop, click="G2") == []


def test_a_sale_whose_click_id_too_many_name_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "MOST_NAMING", 1)
    shop.process(shop.click("t1", -HOUR, url="https://shop.example/?gclid=G1"))
    shop.process(*(shop.sale(f"s{n}", visitor="partner", click="G1", order=f"o{n}") for n in range(2)))
    for one in told(shop, click="G1"):
        assert one["click"] == {"id": "G1", "hit": None, "visitor": None, "at": None, "reason": "crowded_click"}
        assert one["crowded"] == [{"click": "G1"}]


def test_earlier_rejected_hits_of_its_person_are_listed_with_the_reason(shop: Shop) -> None:
    shop.process(
        shop.click("own", -HOUR, ua=GOOGLEBOT, user="u1"),
        shop.click("phone", -2 * HOUR, ua=GOOGLEBOT, visitor="anns-phone"),
        shop.hit("page", "seen", -3 * HOUR, visitor="anns-phone", user="u1"),
        shop.click("others", -HOUR, ua=GOOGLEBOT, visitor="bob"),
        shop.click("early", -8 * DAY, ua=GOOGLEBOT),
        shop.sale("s1", order="o1", user="u1"),
        shop.click("later", MINUTE, ua=GOOGLEBOT),
    )
    (one,) = told(shop, order="o1")
    rejected = one["hits_set_aside"]
    assert [(row["hit"], row["visitor"]) for row in rejected["hits"]] == [("own", "ann"), ("phone", "anns-phone")]
    assert rejected["hits"][0] == {
        "hit": "own",
        "at": "2026-11-20T11:00:00Z",
        "code": "bot",
        "detail": "Its user agent says that it is a crawler: Googlebot.",
        "type": "click",
        "ad": "demo-ad",
        "visitor": "ann",
        "batch": BATCH,
        "archive_key": archive_key(BATCH),
    }
    assert (rejected["window_from"], rejected["since"]) == ("2026-10-21T12:00:00Z", "2026-11-13T12:00:00Z")
    assert rejected["complete"] is False
    query = {"visitor": "ann", "from": rejected["window_from"], "to": one["at"]}
    rejected = ask(shop, "/api/rejected", site=shop.key, **query).json()["results"]
    assert [row["hit"] for row in rejected] == ["own", "early"]


def test_rejected_hits_of_a_short_window_are_all_listed(opened_store: Store) -> None:
    shop = Shop(opened_store, click_window_days=2)
    shop.process(shop.click("in", -2 * DAY, ua=GOOGLEBOT), shop.click("out", -2 * DAY - 1, ua=GOOGLEBOT))
    shop.process(shop.sale("s1", order="o1"))
    (one,) = told(shop, order="o1")
    assert [row["hit"] for row in one["hits_set_aside"]["hits"]] == ["in"]
    assert one["hits_set_aside"]["complete"] is True


def test_the_answer_has_every_field_of_the_contract(shop: Shop) -> None:
    shop.process(shop.click("c1", -HOUR), shop.sale("s1"))
    (one,) = told(shop, hit="s1")
    head = "id site goal at hit order visitor value currency counted reason"
    assert set(f"{head} duplicates adjustments batch archive_key touches".split()) <= set(one)
    assert {"key", "version"} <= set(one["goal"])
    assert one["order"] is None
    (touch,) = one["touches"]
    assert {"hit", "ad", "kind", "at", "eligible", "reason", "credit"} <= set(touch)
    assert set(touch["credit"]) == set(MODELS)
    assert (one["batch"], one["archive_key"]) == (BATCH, archive_key(BATCH))


def test_an_order_that_met_two_goals_is_listed_once_for_each(shop: Shop) -> None:
    type(shop.goal).objects.create(site=shop.site, key="any", event="purchase")
    shop.process(shop.sale("s1", order="o1"))
    assert sorted(one["goal"]["key"] for one in told(shop, order="o1")) == ["any", "purchase"]
    assert told(shop, order=" o1 ") == told(shop, order="o1")


def test_a_search_without_matches_gives_an_empty_list(shop: Shop) -> None:
    shop.process(shop.adjust("a1", "refund", "o1", value=1))
    assert told(shop, order="o1") == told(shop, hit="nothing") == told(shop, visitor="nobody") == []


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "bad_search", None),
        ({"order": "o1", "hit": "h1"}, "bad_search", None),
        ({"order": ""}, "bad_search", None),
        ({"order": "x" * 201}, "bad_parameter", "order"),
        ({"hit": "a\0b"}, "bad_parameter", "hit"),
        ({"visitor": "ann", "after": "here"}, "bad_page", "after"),
        ({"visitor": "ann", "after": "1.2"}, "bad_page", "after"),
        ({"visitor": "ann", "after": f"{10**60}.a.b"}, "bad_page", "after"),
    ],
)
def test_a_search_that_cannot_be_read_is_refused_with_its_code(
    shop: Shop, query: dict[str, str], code: str, field: str | None
) -> None:
    assert refusal(ask(shop, site=shop.key, **query)) == (400, code, field)


def test_a_visitors_conversions_come_in_pages_linked_by_next(shop: Shop) -> None:
    shop.process(*(shop.sale(f"s{n}", n * MINUTE) for n in range(PAGE + 2)))
    first = ask(shop, site=shop.key, visitor="ann").json()
    assert [one["hit"] for one in first["results"]] == [f"s{n}" for n in range(PAGE)]
    second = ask(shop, first["next"]).json()
    assert [one["hit"] for one in second["results"]] == [f"s{PAGE}", f"s{PAGE + 1}"]
    assert second["next"] is None


def test_a_hit_id_used_for_many_orders_comes_in_pages(shop: Shop) -> None:
    shop.process(*(shop.sale("same", n * MINUTE, order=f"o{n}") for n in range(PAGE + 1)))
    first = ask(shop, site=shop.key, hit="same").json()
    second = ask(shop, first["next"]).json()
    assert [one["order"] for one in first["results"] + second["results"]] == [f"o{n}" for n in range(PAGE + 1)]


def test_another_accounts_conversions_are_not_found(shop: Shop) -> None:
    other = Shop(shop.store)
    shop.process(shop.sale("s1", order="o1"))
    (one,) = told(shop, order="o1")
    assert refusal(ask(other, site=shop.key, order="o1")) == (404, "unknown_site", "site")
    assert refusal(ask(other, f"/api/conversions/{one['id']}")) == (404, "unknown_conversion", None)
    assert refusal(ask(shop, order="o1")) == (400, "missing_site", "site")


@pytest.mark.parametrize("id", ["x", "a" * 5_000, "%00", "é", "YQ", "AAA", "YQBiAG86YyA"])
def test_an_id_that_names_nothing_is_404(shop: Shop, id: str) -> None:
    assert ask(shop, f"/api/conversions/{id}").status_code == 404


def test_an_id_with_an_impossible_site_is_404_unknown_conversion(shop: Shop) -> None:
    for key in ("", "nowhere", "x" * 100):
        id = conversion_id(key, shop.goal.uid, "o:none")
        assert refusal(ask(shop, f"/api/conversions/{id}")) == (404, "unknown_conversion", None)


def test_an_id_of_an_order_that_never_converted_is_404_unknown_conversion(shop: Shop) -> None:
    id = conversion_id(shop.key, shop.goal.uid, "o:none")
    assert refusal(ask(shop, f"/api/conversions/{id}")) == (404, "unknown_conversion", None)


def test_without_a_token_or_a_session_it_is_401(shop: Shop) -> None:
    answer = Client().get("/api/conversions", {"site": shop.key, "order": "o1"})
    assert refusal(answer)[:2] == (401, "not_authenticated")


def test_orders_with_any_characters_are_found_and_found_again_by_id(shop: Shop) -> None:
    order = "№ 7/ä?&#\\ \U0001f600"
    shop.process(shop.sale("s1", order=order))
    (one,) = told(shop, order=order)
    assert one["order"] == order
    assert ask(shop, f"/api/conversions/{one['id']}").json() == one


def test_signed_in_staff_reads_it_in_the_browser(shop: Shop) -> None:
    shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="o1"))
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))
    answer = client.get("/api/conversions", {"site": shop.key, "order": "o1"}, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "text/html" in answer["Content-Type"]
    assert "1.000000" in answer.content.decode()


def test_a_client_that_sends_further_parameters_to_a_search_still_gets_its_answer(shop: Shop) -> None:
    for path, query in (
        ("/api/conversions", {"order": "o1", "limit": "5"}),
        ("/api/rejected", {"limit": "5"}),
        ("/api/visitors", {"visitor": "ann", "from": "2026-11-01"}),
    ):
        assert ask(shop, path, site=shop.key, format="json", **query).status_code == 200


def pages_of(shop: Shop, path: str = "/api/conversions", **query: str) -> list[Any]:
    """Return the answers of all pages. Each page is requested by the `next` of the page before."""
    found = [ask(shop, path, **query).json()]
    while following := found[-1]["next"]:
        found.append(ask(shop, following).json())
    return found


def test_a_page_of_conversions_ends_early_if_there_is_much_to_say(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.process(*(shop.sale(f"s{n}", n, order=f"o{n}", user="u") for n in range(5)))
    monkeypatch.setattr("conversions.api.conversions.PAGE_BYTES", 2_000)
    for by in ({"visitor": "ann"}, {"user": "u"}):
        pages = pages_of(shop, site=shop.key, **by)
        assert [one["hit"] for page in pages for one in page["results"]] == [f"s{n}" for n in range(5)]
        assert len(pages) > 2


def test_an_order_that_met_many_goals_comes_in_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        Goal.objects.create(site=shop.site, key=f"g{n}", event="purchase")
    shop.process(shop.sale("s1", order="o1"), shop.sale("s2", order="o1", visitor="bob"))
    monkeypatch.setattr("conversions.api.conversions.PAGE", 2)
    pages = pages_of(shop, site=shop.key, order="o1")
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    assert {one["goal"]["key"] for page in pages for one in page["results"]} == {"purchase", "g0", "g1", "g2", "g3"}


def test_the_pages_of_one_conversion_have_each_touch_and_copy_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversions.explain.explain.TOUCH_BYTES", 3_000)
    monkeypatch.setattr("conversions.explain.explain.OTHER_BYTES", 1_000)
    shop.process(*(shop.click(f"c{n}", -HOUR - n) for n in range(9)), shop.sale("s", order="o1"))
    shop.process(*(shop.sale(f"s{n}", n, order="o1") for n in range(1, 6)))
    (first,) = told(shop, order="o1")
    pages = [first]
    while following := pages[-1]["next"]:
        pages.append(ask(shop, following).json())
    assert len(pages) > 2
    assert sorted(one["hit"] for page in pages for one in page["touches"]) == [f"c{n}" for n in range(9)]
    assert [one["hit"] for page in pages for one in page["duplicates"]] == [f"s{n}" for n in range(1, 6)]
    assert {page["value"] for page in pages} == {first["value"]}
    assert refusal(ask(shop, f"/api/conversions/{first['id']}", after="x")) == (400, "bad_page", "after")
