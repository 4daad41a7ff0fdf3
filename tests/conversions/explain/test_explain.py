"""Explain: what an explanation says of a conversion, and that explanations add up to the report."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from conversions.attribution.credit import MODELS
from conversions.attribution.fit import fit
from conversions.attribution.path_counts import Coverage, Inputs, PathCount
from conversions.explain.find import START, find_conversion, find_hit, find_order, find_visitor
from conversions.explain.listing import Position, read_position
from conversions.explain.opening import open_explainer
from conversions.facts.ad_names import AdName
from conversions.facts.records import Conversion, Touch
from conversions.marks import marks as sequence
from conversions.models import Ad, Campaign, GoalVersion, MatchRule
from conversions.rules.goals import MOST_TOUCHES
from conversions.rules.parts import Part
from conversions.rules.site import SiteConfig
from conversions.store.port import CellSet, Store
from conversions.units.micros import six_places
from conversions.verdicts import naming
from conversions.verdicts.cases import Case, read_cases
from conversions.verdicts.fits import fit_cell
from conversions.verdicts.naming import MAX_OTHERS
from conversions.verdicts.timelines import ALSO_READ
from reporting.figures.cells import by_touch_day
from tests.explaining import explained
from tests.properties.scenario import CLOCKS, EDGES
from tests.properties.test_invariance import World, set_budget
from tests.properties.worlds import ON_CASSANDRA, WORLDS, Clock, worlds
from tests.rows import credit_rows
from tests.shop import BATCH, DAY, HOUR, MINUTE, NOON, Shop
from tracker.collection.hit import iso

pytestmark = pytest.mark.django_db


def explain_order(shop: Shop, order: str = "o1") -> dict[str, Any]:
    (case,) = find_order(shop.store, shop.config(), order).cases
    return explained(shop.store, shop.config(), case)


def learnt_from(shop: Shop, paths: list[PathCount]) -> None:
    """Store the goal's fit of October, as learnt from these paths of the shop's ads."""
    config = shop.config()
    ads = {ad.key: AdName(ad.key, ad.campaign, True) for ad in config.ads}
    labels = {label for path in paths for label in path.ads}
    learnt = fit(Inputs(paths, {label: ads[label] for label in sorted(labels)}, Coverage()), 0)
    cell = fit_cell(config, config.goals[0].uid, "2026-10", learnt)
    shop.store.write_cells([CellSet(shop.key, sequence.draw_token(), [cell])])


def touches_of(told: dict[str, Any]) -> dict[str, tuple[bool, str | None]]:
    return {touch["hit"]: (touch["eligible"], touch["reason"]) for touch in told["touches"]}


def all_cases(store: Store, site: SiteConfig) -> Iterator[Case]:
    """Yield every conversion of a site, each once."""
    seen = set()
    for bucket, index in sequence.known_parts(site.key):
        facts = store.read_bucket(site.key, bucket, Part(index, site.parts.number_at(bucket)))
        conversions = [fact for fact in facts if isinstance(fact, Conversion)]
        for case in read_cases(store, site, conversions, whole_timeline=True):
            place = (case.verdict.goal.uid, case.verdict.winner.claim)
            if place not in seen:
                seen.add(place)
                yield case


def summed(told: list[dict[str, Any]]) -> dict[tuple[str, str, str], Any]:
    """Return the sum of the explanations by (bucket, goal, model): micros by ad and the touch's day."""
    rows: dict[tuple[str, str, str], Any] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in told:
        for model in MODELS:
            cell = rows[one["bucket"], one["goal"]["key"], model]
            if one["counted"] and not one["attributed"]:
                add(cell[None, one["day"]], "1.000000", one["value"])
            for touch in one["touches"]:
                add(cell[touch["ad"], touch["day"]], touch["credit"][model], touch["value"][model])
    plain = {key: {name: tuple(row) for name, row in cell.items() if any(row)} for key, cell in rows.items()}
    return {key: cell for key, cell in plain.items() if cell}


def add(row: list[int], credit: str, value: str) -> None:
    row[0] += micros(credit)
    row[1] += micros(value)


def micros(text: str) -> int:
    """Return the micros of a decimal string with six places."""
    assert len(text.partition(".")[2]) == 6
    return int(text.replace(".", ""))


class TestSums:
    """Sums on both stores, in worlds of the invariance property."""

    @pytest.mark.sqlite
    @worlds(WORLDS // 5, [*CLOCKS, *EDGES])
    def test_explanations_add_up_to_the_reports_rows_under_every_model(
        self, sql_store: Store, seed: int, clock: Clock
    ) -> None:
        assert_sums(World(random.Random(seed), sql_store, *clock))

    @pytest.mark.services
    @worlds(ON_CASSANDRA // 5, [*CLOCKS, *EDGES])
    def test_explanations_on_cassandra_add_up_to_the_reports_rows(
        self, cassandra_store: Store, seed: int, clock: Clock
    ) -> None:
        assert_sums(World(random.Random(seed), cassandra_store, *clock))


def assert_sums(world: World) -> None:
    """Check that the explanations of a world add up to its reports. In some worlds an hour names few ads, or persons
    have more conversions than their budget of touches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naming, "MAX_OTHERS", world.rng.choice([99, 1, 2]))
        if world.rng.random() < 0.5:
            set_budget(world.rng, patch)
        world.work()
        world.change()
        while world.work() or world.roll() or world.fit():
            pass
        store, config = world.plain_store, world.config()
        told = [explained(store, config, case) for case in all_cases(store, config)]
    figures = world.figures()
    rows = {(iso(bucket), goal, model): cell for (bucket, goal, model), cell in figures.items() if goal}
    assert summed(told) == rows


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.000000"), (1, "0.000001"), (-1, "-0.000001"), (29_900_000, "29.900000"), (-1_500_000, "-1.500000")],
)
def test_micros_are_shown_with_six_places(amount: int, text: str) -> None:
    assert six_places(amount) == text


def test_a_counted_conversion_shows_its_credit_and_its_archive_object(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.click("c1", -DAY), shop.click("c2", -HOUR, ad="stray"), shop.sale("s1", order="o1"))
    told = explain_order(shop)
    assert told["site"] == shop.key
    assert (told["goal"]["key"], told["goal"]["version"]) == ("purchase", 1)
    assert (told["at"], told["hit"], told["order"], told["visitor"]) == ("2026-11-20T12:00:00Z", "s1", "o1", "ann")
    assert (told["counted"], told["reason"], told["attributed"]) == (True, None, True)
    assert (told["value"], told["currency"], told["value_reason"]) == ("29.900000", "USD", None)
    assert (told["batch"], told["archive_key"]) == (BATCH, f"key of {BATCH}")
    assert (told["duplicates"], told["adjustments"]) == ([], [])
    first, last = told["touches"]
    assert (first["hit"], first["ad"], first["campaign"], first["configured"]) == ("c1", "demo-ad", "autumn", True)
    assert first["credit"] == {
        "last": "0.000000",
        "first": "1.000000",
        "linear": "0.500000",
        "time_decay": "0.476294",
        "position": "0.500000",
        "markov": "0.500000",
        "shapley": "0.500000",
    }
    assert (first["value"]["first"], first["value"]["linear"]) == ("29.900000", "14.950000")
    assert (last["ad"], last["configured"], last["credit"]["last"]) == ("stray", False, "1.000000")


@pytest.mark.parametrize(
    ("campaigns", "reason", "credit"),
    # Everybody who clicks `one` buys, and nobody who clicks `two`. The ads of a campaign share what the campaign adds.
    [(2, "by_campaign", ["0.142858", "0.000000"]), (13, "too_many_ads", ["0.076924", "0.076923"])],
)
def test_a_path_with_too_many_ads_for_shapley_shows_that_campaigns_were_weighed(
    store: Store, campaigns: int, reason: str, credit: list[str]
) -> None:
    shop = Shop(store)
    groups = [Campaign.objects.create(site=shop.site, key=f"c{n}") for n in range(campaigns)]
    ads = [Ad.objects.create(campaign=groups[n % campaigns], key=f"ad{n}").key for n in range(13)]
    learnt_from(shop, [PathCount((ads[0],), 1, 0), PathCount((ads[1],), 0, 1)])
    shop.process(*(shop.click(f"c{n}", n - HOUR, ad=ad) for n, ad in enumerate(ads)), shop.sale("s1", order="o1"))
    told = explain_order(shop)
    assert told["models"] == {
        "markov": {"fit": "2026-10", "reason": None},
        "shapley": {"fit": "2026-10", "reason": reason},
    }
    assert [touch["credit"]["shapley"] for touch in told["touches"][:2]] == credit


def test_every_touch_of_the_person_is_shown_with_the_reason_why_it_earns_nothing(store: Store) -> None:
    shop = Shop(store, click_window_days=2)
    copy = "https://shop.example/?gclid=G1"
    shop.process(
        shop.click("old", -3 * DAY),
        shop.hit("page", "landing", -2 * HOUR, url=copy),
        shop.hit("page", "reload", -HOUR, url=copy),
        shop.hit("view", "seen", -MINUTE, ad="demo-ad"),
        shop.click("later", MINUTE),
        shop.click("other-person", -MINUTE, visitor="bob"),
        shop.sale("s1", order="o1"),
    )
    assert touches_of(explain_order(shop)) == {
        "old": (False, "outside_window"),
        "landing": (True, None),
        "reload": (False, "duplicate"),
        "seen": (False, "beaten_by_click"),
        "later": (False, "after_conversion"),
    }


def test_the_earliest_copy_counts_and_later_ones_are_duplicates_in_any_order_of_arrival(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.sale("s1", HOUR, value=5, order="o1"), batch="later-1")
    shop.process(shop.sale("s1", 0, value=7_000_000, order="o1", visitor="bob"))
    shop.process(shop.sale("s2", MINUTE, value=6, order="o1"))
    told = explain_order(shop)
    assert (told["hit"], told["visitor"], told["value"]) == ("s1", "bob", "7.000000")
    assert [(one["hit"], one["at"], one["visitor"], one["reason"], one["batch"]) for one in told["duplicates"]] == [
        ("s2", "2026-11-20T12:01:00Z", "ann", "duplicate", BATCH),
        ("s1", "2026-11-20T13:00:00Z", "ann", "duplicate", "later-1"),
    ]
    assert told["duplicates"][1]["sent"]["value"] == "0.000005"


def test_the_touches_of_all_claimants_are_shown(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.click("a", -HOUR), shop.click("b", -MINUTE, visitor="bob"))
    shop.process(shop.sale("s1", order="o1"), shop.sale("s2", MINUTE, order="o1", visitor="bob"))
    told = explain_order(shop)
    assert [(touch["visitor"], touch["credit"]["linear"]) for touch in told["touches"]] == [
        ("ann", "0.500000"),
        ("bob", "0.500000"),
    ]


def test_each_adjustment_is_listed_with_its_effect(store: Store) -> None:
    shop = Shop(store)
    shop.process(
        shop.sale("s1", order="o1"),
        shop.adjust("a1", "refund", "o1", 1 * MINUTE, 1_000_000),
        shop.adjust("a2", "restate", "o1", 2 * MINUTE, 20_000_000),
        shop.adjust("a3", "refund", "o1", 3 * MINUTE, 5_000_000),
        shop.adjust("a3", "refund", "o1", 4 * MINUTE, 6_000_000),
        shop.adjust("a5", "refund", "o1", 5 * MINUTE, 1_000_000, currency="EUR"),
    )
    told = explain_order(shop)
    assert told["value"] == "15.000000"
    assert told["value_reason"] == "no_rate"
    assert [(one["hit"], one["kind"], one["value"], one["effect"]) for one in told["adjustments"]] == [
        ("a1", "refund", "1.000000", "superseded"),
        ("a2", "restate", "20.000000", "applied"),
        ("a3", "refund", "5.000000", "applied"),
        ("a3", "refund", "6.000000", "duplicate"),
        ("a5", "refund", "1.000000", "no_rate"),
    ]


def test_a_retracted_order_is_not_counted_and_credits_nobody_until_it_is_restated(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="o1"), shop.adjust("a1", "retract", "o1", MINUTE))
    told = explain_order(shop)
    assert (told["counted"], told["reason"], told["attributed"]) == (False, "retracted", False)
    assert touches_of(told) == {"c1": (True, None)}
    assert set(told["touches"][0]["credit"].values()) == {"0.000000"}
    shop.process(shop.adjust("a2", "restate", "o1", 2 * MINUTE, 1_000_000))
    told = explain_order(shop)
    assert (told["counted"], told["value"]) == (True, "1.000000")
    assert [one["effect"] for one in told["adjustments"]] == ["superseded", "applied"]


def test_a_second_conversion_is_not_the_first_if_the_goal_counts_one_per_visitor(store: Store) -> None:
    shop = Shop(store, counting="once")
    shop.process(shop.sale("s1", order="o1"), shop.sale("s2", MINUTE, order="o2"))
    assert explain_order(shop, "o1")["counted"] is True
    told = explain_order(shop, "o2")
    assert (told["counted"], told["reason"]) == (False, "not_first")


def counted(shop: Shop, *orders: str) -> list[str | None]:
    """Return the reason why each order isn't counted, None if it is."""
    return [explain_order(shop, order)["reason"] for order in orders]


@pytest.mark.parametrize("ahead", [MINUTE, -MINUTE])
def test_one_order_per_visitor_counts_whether_browser_or_server_is_first(store: Store, ahead: int) -> None:
    shop = Shop(store, counting="once")
    for number, at in (("1", 0), ("2", HOUR)):
        shop.process(shop.sale(f"b{number}", at, order=f"o{number}"))
        shop.process(shop.sale(f"s{number}", at + ahead, order=f"o{number}", visitor=f"server-{number}"))
    assert counted(shop, "o1", "o2") == [None, "not_first"]


def test_an_order_that_another_visitor_claimed_earlier_replaces_sales_in_between(store: Store) -> None:
    shop = Shop(store, counting="once")
    shop.process(shop.sale("a1", HOUR, order="o2"))
    shop.process(shop.sale("a2", 2 * HOUR, order="o1"), shop.sale("b1", 0, order="o1", visitor="bob"))
    assert counted(shop, "o1", "o2") == [None, "not_first"]


def test_with_one_per_click_each_click_brings_one_conversion_in_any_order_of_arrival(store: Store) -> None:
    # click 1 -- order 1 -- order 2 -- click 2 -- order 3
    for turn in (1, -1):
        shop = Shop(store, counting="click")
        hits = [shop.click("t1", -HOUR), shop.sale("c1", 0, order="o1"), shop.sale("c2", MINUTE, order="o2")]
        hits += [shop.click("t2", HOUR), shop.sale("c3", 2 * HOUR, order="o3")]
        for hit in hits[::turn]:
            shop.process(hit)
        assert counted(shop, "o1", "o2", "o3") == [None, "not_first_of_click", None]


def test_a_retracted_order_leaves_its_click_to_the_next(store: Store) -> None:
    shop = Shop(store, counting="click")
    shop.process(shop.click("t1", -HOUR), shop.sale("c1", 0, order="o1"), shop.sale("c2", MINUTE, order="o2"))
    shop.process(shop.adjust("a1", "retract", "o1", HOUR))
    assert counted(shop, "o1", "o2") == ["retracted", None]


def test_with_one_per_click_conversions_without_a_click_all_count(store: Store) -> None:
    shop = Shop(store, counting="click")
    shop.process(shop.hit("view", "v1", -HOUR, ad="demo-ad"), shop.sale("c1", order="o1"), shop.sale("c2", order="o2"))
    assert counted(shop, "o1", "o2") == [None, None]


def test_with_one_per_click_an_order_of_two_visitors_takes_the_click_of_either(store: Store) -> None:
    # ann clicked. The server sent her order first, without a visitor. The later copy takes her click.
    shop = Shop(store, counting="click")
    shop.process(shop.click("t1", -HOUR), shop.sale("c1", visitor="server", order="o1"))
    shop.process(shop.sale("c2", MINUTE, order="o2"))
    assert counted(shop, "o1", "o2") == [None, None]
    shop.process(shop.sale("c3", HOUR, order="o1"))
    assert counted(shop, "o1", "o2") == [None, "not_first_of_click"]


def test_sales_without_an_order_id_all_count_and_an_order_id_counts_once_forever(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.sale("c1", order=""), shop.sale("c2", MINUTE, order=""))
    shop.process(shop.sale("c3", order="o1"), shop.sale("c4", 300 * DAY, visitor="bob", order="o1"))
    told = [explained(store, shop.config(), case) for case in all_cases(store, shop.config())]
    assert sorted((one["hit"], one["counted"]) for one in told) == [("c1", True), ("c2", True), ("c3", True)]


def test_a_factor_multiplies_the_value_and_its_adjustments(store: Store) -> None:
    shop = Shop(store, factor="0.2")
    shop.process(shop.sale("c1", order="o1", value=100_000_000))
    shop.process(shop.adjust("a1", "refund", "o1", HOUR, 10_000_000))
    assert explain_order(shop)["value"] == "18.000000"
    shop.process(shop.adjust("a2", "restate", "o1", 2 * HOUR, 50_000_003))
    assert explain_order(shop)["value"] == "10.000001"


def test_a_conversion_of_a_version_no_longer_in_force_is_still_found(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.click("c1", -HOUR), shop.sale("s1", order="o1"))
    shop.goal.fixed_value = 5
    shop.goal.save()
    GoalVersion.objects.filter(goal=shop.goal, version=2).update(starts_at=0)
    told = explain_order(shop)
    assert (told["counted"], told["reason"], told["goal"]["version"]) == (False, "not_in_force", 1)
    assert touches_of(told) == {"c1": (True, None)}
    assert told["touches"][0]["credit"]["last"] == "0.000000"


def test_a_new_ad_renames_touches_in_earlier_explanations(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.hit("page", "p1", -HOUR, url="https://s.example/?utm_source=news&utm_medium=mail"))
    shop.process(shop.sale("s1", order="o1"))
    assert explain_order(shop)["touches"][0]["ad"] == "news/mail"
    MatchRule.objects.create(ad=Ad.objects.create(campaign=shop.campaign, key="letter"), source="news")
    touch = explain_order(shop)["touches"][0]
    assert (touch["ad"], touch["configured"]) == ("letter", True)
    assert touch["parameters"] == {"source": "news", "medium": "mail"}


def test_an_ad_beyond_the_largest_of_its_bucket_is_other_as_in_the_report(store: Store) -> None:
    shop = Shop(store)
    crowd = [shop.click(f"x{n}", 0, ad=f"ad-{n:04}", visitor=f"v{n}") for n in range(MAX_OTHERS)]
    shop.process(*crowd, shop.click("mine", 0, ad="zzz"), shop.sale("s1", MINUTE, order="o1"))
    shop.process(*(shop.click(f"again{n}", MINUTE, ad=f"ad-{n:04}", visitor=f"v{n}") for n in range(MAX_OTHERS)))
    shop.process(shop.click("named", -HOUR), shop.click("before", -2 * HOUR, ad="elsewhere"))
    shop.roll_up()
    # `zzz` has two touches in the bucket, its click and its credit, and its name sorts last.
    (cell,) = [cell for cell in shop.store.read_cells(shop.key, ["last"], ["2026-11-20"]) if credit_rows(cell)]
    (row,) = credit_rows(cell)
    assert row.ad is not None
    told = {touch["hit"]: touch["ad"] for touch in explain_order(shop)["touches"]}
    assert told["mine"] == row.ad.ad == "(other)"
    assert told["named"] == "demo-ad"


def test_many_touches_come_in_pages_those_with_credit_first(
    opened_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversions.explain.explain.TOUCH_BYTES", 5_000)
    shop = Shop(opened_store, click_window_days=1)
    old = [shop.click(f"old{n}", -2 * DAY - n) for n in range(12)]
    shop.process(*old, *(shop.click(f"new{n}", -n) for n in range(3)), shop.sale("s1", order="o1"))
    (case,) = find_order(opened_store, shop.config(), "o1").cases
    explainer, pages, start = open_explainer(shop.config()), [], Position()
    while True:
        page = explainer.explain(case, start)
        pages.append([touch.hit for touch in page.touches])
        assert page.left_out.touches == 15 - len(page.touches)
        if not page.after:
            break
        start = read_position(page.after)
    assert len(pages) > 2
    assert pages[0][-3:] == ["new2", "new1", "new0"]
    assert sorted(hit for some in pages for hit in some) == sorted([*(f"old{n}" for n in range(12)), *pages[0][-3:]])
    assert all(some == sorted(some, key=lambda hit: -int(hit[3:])) for some in pages[1:])


def test_however_much_strangers_sent_an_explanation_is_short(opened_store: Store) -> None:
    shop = Shop(opened_store)
    place: dict[str, Any] = {"site": shop.key, "visitor": "ann", "bucket": NOON}
    others_of = tuple((f"p{n}", "x" * 450) for n in range(20))
    clicks = [Touch(**place, kind="click", at=NOON + n, hit=f"c{n}", others=others_of) for n in range(900)]
    copies = [
        Conversion(**place, at=NOON + 9 * MINUTE + n, hit=f"s{n}", order="o1", goal=shop.goal.uid, version=1)
        for n in range(1_500)
    ]
    opened_store.add_facts([*clicks, *copies])
    (case,) = find_order(opened_store, shop.config(), "o1").cases
    explanation = open_explainer(shop.config()).explain(case)
    assert len(msgspec.json.encode(explanation)) < 2_000_000
    assert explanation.after


def test_of_too_many_touches_in_the_window_the_newest_earn_and_the_others_say_why_not(store: Store) -> None:
    shop = Shop(store)
    shop.process(
        shop.click("first", -DAY, visitor="bob"),
        *(shop.click(f"c{n}", -n) for n in range(MOST_TOUCHES + 1)),
        *(shop.hit("view", f"v{n}", -n, ad="demo-ad") for n in range(9)),
        shop.sale("s1", order="o1"),
        shop.sale("s2", order="o1", visitor="bob"),
    )
    told = explain_order(shop)
    credited = {touch["hit"] for touch in told["touches"] if touch["eligible"]}
    assert credited == {f"c{n}" for n in range(MOST_TOUCHES)}
    assert touches_of(told)[f"c{MOST_TOUCHES}"] == touches_of(told)["first"] == (False, "beyond_newest")
    assert sum(micros(touch["credit"]["linear"]) for touch in told["touches"]) == 1_000_000
    assert told["left_out"]["uncounted_touches"] is False
    shop.roll_up()
    (cell,) = [
        cell for cell in store.read_cells(shop.key, [by_touch_day("linear")], ["2026-11-20"]) if credit_rows(cell)
    ]
    assert [(row.touch_day, row.credit) for row in credit_rows(cell)] == [("2026-11-20", 1_000_000)]


def test_touches_that_were_not_read_are_mentioned(store: Store) -> None:
    shop = Shop(store, click_window_days=1)
    shop.process(*(shop.click(f"c{n}", -2 * DAY - n) for n in range(ALSO_READ)), shop.sale("s1", order="o1"))
    assert explain_order(shop)["left_out"]["uncounted_touches"] is True


def test_a_hit_is_found_whether_it_counts_or_is_a_duplicate(store: Store) -> None:
    shop = Shop(store)
    shop.process(shop.sale("s1", order="o1"), shop.sale("s2", MINUTE, order="o1"), shop.sale("s3"))
    for hit, winner in (("s1", "s1"), ("s2", "s1"), ("s3", "s3")):
        (case,) = find_hit(store, shop.config(), hit, START, 10).cases
        assert case.verdict.winner.hit == winner
    assert find_hit(store, shop.config(), "nothing", START, 10).cases == []


def test_a_visitors_conversions_come_in_pages_each_once(store: Store) -> None:
    shop = Shop(store)
    shop.process(*(shop.sale(f"s{n}", n * MINUTE, order=f"o{n}") for n in range(5)))
    # Copies of an order on later pages, and another visitor's order that the copy's visitor claims, too.
    shop.process(shop.sale("copy", 9 * MINUTE, order="o1"), shop.sale("bobs", -HOUR, order="o9", visitor="bob"))
    shop.process(shop.sale("mine", 2 * MINUTE, order="o9"))
    orders: list[str] = []
    place, pages = START, 0
    while True:
        found = find_visitor(store, shop.config(), "ann", place, 3)
        orders.extend(case.verdict.winner.order for case in found.cases)
        pages += 1
        if found.next is None:
            break
        place = found.next
    assert pages == 3
    assert sorted(orders) == ["o0", "o1", "o2", "o3", "o4", "o9"]


def test_a_conversion_is_found_by_goal_and_claim_within_its_site_only(store: Store) -> None:
    shop, other = Shop(store), Shop(store)
    shop.process(shop.sale("s1", order="o1"))
    found = find_conversion(store, shop.config(), shop.goal.uid, "o:o1")
    assert found is not None
    assert found.verdict.winner.hit == "s1"
    assert find_conversion(store, other.config(), shop.goal.uid, "o:o1") is None
    assert find_conversion(store, shop.config(), other.goal.uid, "o:o1") is None
