"""Properties of every model, data-driven ones too: on paths, on stored figures, on reports and explanations."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from conversions.attribution.credit import LEARNED, MODELS, ONE
from conversions.attribution.fit import Learnt, encode_fit, fit
from conversions.attribution.path_counts import Coverage, Inputs, PathCount, add_up_equal, label_of
from conversions.facts.ad_names import AdNames, name_touch
from conversions.facts.records import Conversion, Touch
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.terms import Terms
from conversions.store.port import Store
from conversions.units.clock import DAY_MS
from conversions.verdicts.claims import Verdict
from conversions.verdicts.paths import path_of, shares
from tests.properties.scenario import CLOCKS, split_batches
from tests.properties.test_invariance import World
from tests.properties.worlds import ON_CASSANDRA, WORLDS, Clock, worlds
from tests.surface import Customer, at, days_ago
from tracker.archive import FolderArchive
from tracker.collection.hit import Batch, Hit, batch_id

ADS = "abcd"
AT = 100 * DAY_MS
VERSION = GoalVersion(version=1, starts_at=0)
GOAL = Goal(uid="g", key="g", versions=(VERSION,))


def verdict(value: int) -> Verdict:
    """Return the verdict on a conversion at AT."""
    winner = Conversion(site="s", visitor="ann", at=AT, hit="c", goal="g", version=1)
    return Verdict(goal=GOAL, version=VERSION, winner=winner, claimants=("ann",), value=value)


def touch(before: int, ad: str, hit: str) -> Touch:
    """Return a click `before` ms before AT."""
    return Touch(site="s", visitor="ann", kind="click", at=AT - before, hit=hit, ad=ad)


TOUCHES = st.lists(
    st.builds(touch, st.integers(0, 40 * DAY_MS), st.sampled_from(ADS), st.uuids().map(str)),
    max_size=9,
    unique_by=lambda one: one.hit,
)
PATHS = st.lists(st.sampled_from(ADS), min_size=1, max_size=4).map(tuple)
COUNTS = st.lists(st.builds(PathCount, PATHS, st.integers(0, 9), st.integers(0, 9)), max_size=6)


def learnt_from(counts: Sequence[PathCount]) -> Learnt:
    """Return the stored fit of a month with these paths."""
    names = {ad: name_touch(touch(0, ad, ad), ()) for ad in ADS}
    labelled = (tuple(label_of(names[ad]) for ad in one.ads) for one in counts)
    paths = add_up_equal(msgspec.structs.replace(one, ads=ads) for one, ads in zip(counts, labelled, strict=True))
    ads = {label: name for name in names.values() if any((label := label_of(name)) in path.ads for path in paths)}
    return Learnt("2026-10", encode_fit(fit(Inputs(paths, ads, Coverage()), 0)), AdNames(()))


class TestPaths:
    """The shares of the touches of one conversion."""

    @pytest.mark.parametrize("model", sorted(MODELS))
    @settings(max_examples=40)
    @given(touches=TOUCHES, counts=COUNTS, value=st.integers(-(10**12), 10**12), data=st.data())
    def test_the_order_of_touches_changes_no_share_and_shares_add_up_to_one(
        self, model: str, touches: list[Touch], counts: list[PathCount], value: int, data: st.DataObject
    ) -> None:
        sold, learnt = verdict(value), learnt_from(counts)
        given_away = shares(sold, path_of(sold, touches), [model], Terms(), learnt)[model]
        shuffled = path_of(sold, data.draw(st.permutations(touches)))
        relearnt = learnt_from(data.draw(st.permutations(counts)))
        assert shares(sold, shuffled, [model], Terms(), relearnt)[model] == given_away
        if given_away:
            assert (sum(one.credit for one in given_away), sum(one.value for one in given_away)) == (ONE, value)
            assert all(one.credit >= 0 for one in given_away)

    @given(touches=TOUCHES, counts=COUNTS)
    def test_a_single_touch_gets_everything_under_every_model(
        self, touches: list[Touch], counts: list[PathCount]
    ) -> None:
        sold = verdict(7)
        old = [msgspec.structs.replace(one, at=one.at - 41 * DAY_MS) for one in touches[1:]]
        earned = shares(sold, path_of(sold, [*touches[:1], *old]), MODELS, Terms(), learnt_from(counts))
        assert set(earned) == set(MODELS)
        assert len({tuple(parts) for parts in earned.values()}) == 1
        assert [part.credit for part in earned["last"]] in ([], [ONE])

    def test_two_touches_share_evenly_by_position_by_default(self) -> None:
        sold = verdict(10)
        path = path_of(sold, [touch(9, "a", "1"), touch(5, "b", "2")])
        for terms, wanted in ((Terms(), [ONE // 2, ONE // 2]), (Terms(position_first=10, position_last=30), None)):
            parts = [part.credit for part in shares(sold, path, ["position"], terms)["position"]]
            assert parts == (wanted or [ONE // 4, ONE * 3 // 4])


@pytest.fixture
def nothing_frozen(settings: Any) -> None:
    """Keeps hours from being frozen, on whatever day the tests run."""
    settings.RETENTION_DAYS = 36_500


@pytest.fixture
def embedded_alone(settings: Any, nothing_frozen: None) -> None:
    """Commands open the SQL store, even if services are set."""
    settings.CASSANDRA_URL = ""


def retract_and_replay(world: World, archive: FolderArchive) -> None:
    """Retract some orders, then replay all hits. Check that the figures are those of a world without these orders."""
    rng, site = world.rng, world.site.key
    # The command uses the site's configuration from the database.
    world.changes, world.most_touches = False, VERSION.most_touches
    world.before = world.config()
    world.drain()
    hits, orders = world.scenario.hits, rng.choice([{"o1"}, {"o2"}, {"o1", "o2"}])
    last = max(hit.at for hit in hits) + 1

    def is_sale(hit: Hit) -> bool:
        return hit.type == "conversion" and hit.order in orders

    common: dict[str, Any] = {"site": site, "at": last, "received": last, "visitor": "server"}
    retracts = [
        Hit(**common, id=f"r{order}", type="adjustment", kind="retract", order=order) for order in sorted(orders)
    ]
    world.batches.append(retracts)
    world.drain()
    # A retracted conversion still links its visitor to its user.
    never = [msgspec.structs.replace(hit, type="event", name="none", order="") if is_sale(hit) else hit for hit in hits]
    wanted = world.recomputed(never)
    assert world.figures() == wanted
    for n, batch in enumerate(split_batches(rng, [*world.received(), *retracts])):
        archive.put(Batch(batch_id(last, f"{rng.getrandbits(36):09x}{n:02x}"), tuple(batch)))
    call_command("replay", site=site, stdout=StringIO())
    assert world.figures() == wanted


@pytest.mark.django_db
class TestFigures:
    """Stored figures, on every store."""

    @pytest.mark.sqlite
    @pytest.mark.usefixtures("embedded_alone")
    @worlds(WORLDS // 10, CLOCKS)
    def test_a_retracted_and_replayed_sale_leaves_the_figures_without_it(
        self, sql_store: Store, archive: FolderArchive, seed: int, clock: Clock
    ) -> None:
        retract_and_replay(World(random.Random(seed), sql_store, *clock), archive)

    @pytest.mark.services
    @pytest.mark.usefixtures("nothing_frozen")
    @worlds(ON_CASSANDRA // 5, CLOCKS)
    def test_retracted_and_replayed_is_as_if_it_had_never_converted_on_cassandra(
        self, cassandra_store: Store, archive: FolderArchive, seed: int, clock: Clock
    ) -> None:
        retract_and_replay(World(random.Random(seed), cassandra_store, *clock), archive)

    @worlds(WORLDS // 10, CLOCKS)
    def test_every_model_reports_the_same_for_persons_with_one_touch(
        self, store: Store, seed: int, clock: Clock
    ) -> None:
        rng = random.Random(seed)
        world = World(rng, store, *clock)
        world.changes = False
        site, start = world.site.key, clock[1]
        hits = []
        for n in range(rng.randrange(1, 8)):
            moments = [start + rng.randrange(2 * DAY_MS) for _ in range(rng.randrange(1, 4))]
            common: dict[str, Any] = {"site": site, "received": start, "visitor": f"v{n}"}
            hits.append(Hit(**common, id=f"t{n}", type="click", at=moments[0], ad=rng.choice(["one", "two", "stray"])))
            sales = enumerate(moments[1:])
            hits += [
                Hit(**common, id=f"s{n}-{m}", type="conversion", name="buy", order=f"o{n}-{m}", at=moment, value=7)
                for m, moment in sales
            ]
        world.batches = split_batches(rng, hits)
        world.drain()
        by_model: dict[str, dict[Any, Any]] = defaultdict(dict)
        for (bucket, goal, model), rows in world.figures().items():
            by_model[model][bucket, goal] = rows
        assert all(by_model[model] == by_model["last"] for model in MODELS)


@pytest.mark.django_db
@pytest.mark.usefixtures("inline", "opened_store")
class TestReports:
    """Reports and explanations."""

    def test_explanations_of_a_day_add_up_to_the_reports_rows_under_every_model(self, settings: Any) -> None:
        settings.CONFIG_CACHE_SECONDS = 0
        rng, shop = random.Random(7), Customer()
        day = days_ago(5)
        month_before = day.replace(day=1) - timedelta(days=3)
        for sold in (month_before, day):
            for n in range(12):
                person = f"{sold}-{n}"
                for hour in sorted(rng.sample(range(1, 12), rng.randrange(5))):
                    shop.send(shop.click(at(sold, f"{hour:02}:00"), rng.choice("abcd"), visitor=person))
                if rng.random() < 0.7:
                    shop.send(
                        shop.sale(at(sold), f"A-{person}", f"{rng.randrange(1, 10**6) / 100:.2f}", visitor=person)
                    )
        shop.send(shop.adjust(at(day, "13:00"), f"A-{day}-3", "refund", "0.07"))
        reports = {model: shop.report(day, model=model) for model in MODELS}
        told = explained(shop, [f"{day}-{n}" for n in range(12)])
        assert len(told) == int(Fraction(reports["last"]["totals"]["conversions"])) > 5
        for model, report in reports.items():
            sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
            for one in told:
                for touch in one["touches"]:
                    sums[touch["ad"]][0] += micros(touch["credit"][model])
                    sums[touch["ad"]][1] += micros(touch["value"][model])
                if not one["attributed"]:
                    sums["(nobody)"][0] += ONE
                    sums["(nobody)"][1] += micros(one["value"])
            rows = [*report["rows"], {"ad": "(nobody)", **report["unattributed"]}]
            assert {ad: pair for ad, pair in sums.items() if any(pair)} == {
                row["ad"]: [micros(row["conversions"]), micros(row["value"])]
                for row in rows
                if micros(row["conversions"]) or micros(row["value"])
            }, model
        for model in LEARNED:
            assert reports[model]["rows"] != reports["linear"]["rows"], "no month was fitted"


def explained(shop: Customer, visitors: Sequence[str]) -> list[dict[str, Any]]:
    """Return the explanation of each conversion of some visitors."""
    found: list[dict[str, Any]] = []
    for visitor in visitors:
        query = {"site": shop.site, "visitor": visitor}
        answer = Client().get("/api/conversions", query, headers=shop.bearer("report")).json()
        assert answer["next"] is None
        found += answer["results"]
    return found


def micros(text: str) -> int:
    """Return the micros of a decimal string with six places."""
    return int(text.replace(".", ""))
