"""A demo year: the same seed makes the same hits, collection accepts all of them, and a marketer finds something in
their reports."""

import json
from collections import Counter
from datetime import date

import msgspec
import pytest

from conversions.demo.hits import CENT
from conversions.demo.market import MARKET
from conversions.demo.people import Visit
from conversions.demo.year import DemoYear
from conversions.spend.lines import SpendLine
from conversions.units.clock import day_of, day_start
from tracker.collection.collect import Sender, SiteEntry, collect
from tracker.collection.hit import BATCH_MAX_HITS, Hit
from tracker.collection.known import Known
from tracker.collection.money import MICROS

ZONE = "Europe/Berlin"
#: A Friday, three in the afternoon.
UNTIL = day_start("2026-11-27", ZONE) + 15 * 3_600_000


def make_year(first: str = "2025-11-28", seed: int = 1, until: int = UNTIL) -> DemoYear:
    return DemoYear("shop", ZONE, "EUR", seed, first, until)


def hits_of(year: DemoYear) -> list[Hit]:
    return [hit for batch in year.batches(list(year.visits())) for hit in batch.hits]


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return list(make_year().visits())


@pytest.fixture(scope="module")
def hits(visits: list[Visit]) -> list[Hit]:
    return [hit for batch in make_year().batches(visits) for hit in batch.hits]


@pytest.fixture(scope="module")
def spend(visits: list[Visit]) -> list[SpendLine]:
    return [line for lines in make_year().spend(visits, "2025-11-28").values() for line in lines]


def micros_of(hits: list[Hit], kind: str) -> int:
    return sum(hit.value or 0 for hit in hits if hit.type == kind)


def test_a_seed_makes_the_same_hits_and_another_one_makes_others() -> None:
    short = make_year("2026-11-20")
    assert short.batches(list(short.visits())) == short.batches(list(short.visits()))
    assert {hit.id for hit in hits_of(make_year("2026-11-20", seed=2))}.isdisjoint(hit.id for hit in hits_of(short))


def test_a_later_run_adds_hits_and_changes_none() -> None:
    earlier = {hit.id: hit for hit in hits_of(make_year("2026-10-01", until=UNTIL - 9 * 86_400_000))}
    later = {hit.id: hit for hit in hits_of(make_year("2026-10-01"))}
    assert earlier.items() < later.items()
    assert min(hit.received for id, hit in later.items() if id not in earlier) >= UNTIL - 9 * 86_400_000


def test_hits_come_in_batches_of_their_days_none_after_the_end(hits: list[Hit], visits: list[Visit]) -> None:
    batches = make_year().batches(visits)
    assert len(batches) == 365
    assert max(len(batch.hits) for batch in batches) <= BATCH_MAX_HITS
    for batch in batches:
        assert {day_of(hit.received, ZONE) for hit in batch.hits} == {day_of(batch.made_at, ZONE)}
        assert all(hit.at <= hit.received <= batch.made_at < UNTIL for hit in batch.hits)
    assert len({hit.id for hit in hits}) == len(hits)


def send_again(hit: Hit) -> Hit:
    """Return the hit that collection makes if a browser, or the shop's server, sends this hit."""
    given = msgspec.to_builtins(hit)
    server = given.pop("trusted", False)
    about = {name: given.pop(name, "") for name in ("ip", "ua")}
    given |= {"ts": given.pop("at"), **({"value": f"{hit.value / MICROS:.2f}"} if hit.value is not None else {})}
    sender = Sender(received=given.pop("received"), salt=b"salt", account=1 if server else None, **about)
    site = SiteEntry(account=1, timezone=ZONE, currency="EUR")
    answer = collect("", json.dumps(given).encode(), "application/json", "", sender, lambda _: {"shop": Known(site)})
    assert answer.rejected == answer.notes == {}
    return answer.hits[0]


def test_the_door_accepts_every_hit_as_it_is(hits: list[Hit]) -> None:
    assert [send_again(hit) for hit in hits[::7]] == hits[::7]
    special = [hit for hit in hits if hit.trusted]
    assert [send_again(hit) for hit in special] == special


def test_the_year_is_that_of_a_small_shop(hits: list[Hit], spend: list[SpendLine]) -> None:
    assert 15_000 < len(hits) < 25_000
    orders = [hit.order for hit in hits if hit.type == "conversion"]
    assert len(set(orders)) == len(orders) > 800
    sold, cost = micros_of(hits, "conversion"), sum(line.cost for line in spend)
    assert 40 < sold / len(orders) / MICROS < 90
    assert 0.02 < micros_of(hits, "adjustment") / sold < 0.15
    assert 0.15 < cost / sold < 0.6


def test_seasons_and_evenings_differ(hits: list[Hit]) -> None:
    months = Counter(day_of(hit.at, ZONE)[:7] for hit in hits)
    assert months["2026-11"] > 1.2 * months["2026-07"]
    assert Counter(hit.at // 3_600_000 % 24 for hit in hits)[2] == 0


def test_the_banner_loses_money_and_every_running_ad_costs_something(spend: list[SpendLine]) -> None:
    costs = Counter[str]()
    for line in spend:
        assert min(line.cost, line.clicks, line.impressions) >= 0
        costs[line.names.ad or line.names.content] += line.cost
    assert set(costs) == {ad.key for ad in MARKET}
    assert costs["banner"] > 5_000 * MICROS
    assert max(line.day for line in spend) == "2026-11-26"


def test_buyers_come_by_several_ads_and_on_several_devices(visits: list[Visit]) -> None:
    lives: dict[str, list[Visit]] = {}
    for visit in visits:
        lives.setdefault(visit.person, []).append(visit)
    buyers = [life for life in lives.values() if any(visit.products for visit in life)]
    assert sum(len({visit.ad.key for visit in life}) > 1 for life in buyers) > len(buyers) / 3
    assert sum(len({visit.device for visit in life}) > 1 for life in buyers) > len(buyers) / 20
    assert sum(sum(bool(visit.products) for visit in life) > 1 for life in buyers) > len(buyers) / 8


def test_last_tuesday_has_a_refund(hits: list[Hit]) -> None:
    tuesday = date(2026, 11, 24)
    sold = {hit.order: hit.value for hit in hits if hit.type == "conversion" and day_of(hit.at, ZONE) == str(tuesday)}
    refunds = [hit for hit in hits if hit.type == "adjustment" and hit.order in sold]
    assert any(12 * 100 * CENT <= (hit.value or 0) <= 40 * 100 * CENT for hit in refunds)


def test_orders_by_phone_come_days_late(hits: list[Hit]) -> None:
    late = [hit for hit in hits if hit.type == "conversion" and hit.received > hit.at]
    assert len(late) > 10
    assert all(hit.trusted and hit.received - hit.at < 8 * 86_400_000 for hit in late)
